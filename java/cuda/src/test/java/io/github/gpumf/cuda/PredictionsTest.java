package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code predictions.cu} and {@code totals.cu}. */
final class PredictionsTest {
  /** Blocks: fewer than the work needs, so that they take turns. */
  private static final int BLOCKS = 5;

  /** All k with the larger sizes once, and all sizes at two k. */
  static List<BatchCase> cases() {
    List<BatchCase> cases = new ArrayList<>();
    for (int k : Sizes.FACTORS) {
      cases.add(new BatchCase(k, 257, false, true));
      cases.add(new BatchCase(k, 31, true, false));
    }
    for (int size : Sizes.BATCHES) {
      cases.add(new BatchCase(7, size, true, true));
      cases.add(new BatchCase(64, size, false, false));
    }
    return cases;
  }

  /** The arguments of every kernel of the file up to the offset. */
  static List<Object> model(Gpu gpu, BatchCase batch) {
    return new ArrayList<>(
        List.of(
            gpu.table(batch.userFactors, batch.k),
            gpu.table(batch.itemFactors, batch.k),
            Gpu.vectors(batch.k),
            Gpu.group(batch.k),
            batch.dense ? Gpu.NULL : gpu.of(batch.userBias),
            batch.dense ? Gpu.NULL : gpu.of(batch.itemBias),
            batch.dense ? gpu.of(batch.head) : Gpu.NULL,
            BatchCase.OFFSET));
  }

  private static List<Object> withoutGroup(List<Object> model) {
    model.remove(3);
    return model;
  }

  private static void run(
      Gpu gpu, String kernel, int threads, List<Object> model, Object... arguments) {
    List<Object> all = new ArrayList<>(model);
    all.addAll(Arrays.asList(arguments));
    gpu.run("predictions", kernel, LaunchShape.of(BLOCKS, threads), all.toArray());
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void followTheFormula(String binding) {
    for (BatchCase batch : cases()) {
      double[] expected = IntStream.range(0, batch.size).mapToDouble(batch::prediction).toArray();
      for (int threads : Sizes.THREADS) {
        try (Gpu gpu = Gpu.open(binding)) {
          DeviceBuffer predictions = gpu.allocate(4L * batch.size);
          run(
              gpu,
              "predict",
              threads,
              withoutGroup(model(gpu, batch)),
              gpu.of(batch.users),
              gpu.of(batch.items),
              (long) batch.size,
              predictions);
          assertNear(
              expected, gpu.floats(predictions), Near.tolerance(batch.k), 1, batch.toString());
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void squaredErrorsAreThoseOfClippedPredictions(String binding) {
    float low = -0.75f;
    float high = 0.5f;
    for (BatchCase batch : cases()) {
      double expected = 0;
      for (int at = 0; at < batch.size; at++) {
        double error = Math.clamp(batch.prediction(at), low, high) - batch.values[at];
        expected += error * error;
      }
      try (Gpu gpu = Gpu.open(binding)) {
        DeviceBuffer partials = gpu.allocate(8L * BLOCKS);
        DeviceBuffer sum = gpu.allocate(8);
        run(
            gpu,
            "squared_errors",
            96,
            model(gpu, batch),
            low,
            high,
            gpu.of(batch.users),
            gpu.of(batch.items),
            gpu.of(batch.values),
            (long) batch.size,
            partials);
        gpu.run("totals", "sum_partials", LaunchShape.of(1, 64), partials, BLOCKS, sum);
        assertEquals(
            expected,
            gpu.doubles(sum)[0],
            Near.tolerance(batch.k) * Math.max(1, expected),
            batch.toString());
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void errorsAndTotalsOfABatch(String binding) {
    for (BatchCase batch : cases()) {
      if (batch.size == 0) {
        continue; // an epoch has no empty batch
      }
      double[] slopes = IntStream.range(0, batch.size).mapToDouble(batch::slope).toArray();
      double tolerance = Near.tolerance(batch.k);
      for (int threads : Sizes.THREADS) {
        try (Gpu gpu = Gpu.open(binding)) {
          // The batch does not stand at the start of the window's columns.
          int start = 3;
          DeviceBuffer stop = gpu.of(0);
          DeviceBuffer onDevice = gpu.of(new float[start + batch.size]);
          DeviceBuffer partials = gpu.allocate(8L * 3 * BLOCKS);
          List<Object> arguments =
              new ArrayList<>(List.of(stop, gpu.batch(17, start, batch.size, 0)));
          arguments.addAll(model(gpu, batch));
          arguments.addAll(
              List.of(
                  gpu.of(shifted(batch.users, start)),
                  gpu.of(shifted(batch.items, start)),
                  gpu.of(shifted(batch.values, start)),
                  batch.weights == null ? Gpu.NULL : gpu.of(shifted(batch.weights, start)),
                  onDevice,
                  partials));
          gpu.run(
              "predictions", "batch_errors", LaunchShape.of(BLOCKS, threads), arguments.toArray());
          float[] actual = gpu.floats(onDevice);
          assertArrayEquals(new float[start], Arrays.copyOf(actual, start), "before the batch");
          assertNear(
              slopes,
              Arrays.copyOfRange(actual, start, actual.length),
              tolerance,
              batch.scale,
              batch.toString());

          DeviceBuffer totals = gpu.of(100.0, 7.0, 9.0, 0.0);
          DeviceBuffer headGradient = gpu.of(new float[4]);
          double penalty = 0.1 * (2 + 5 + 3);
          gpu.run(
              "totals",
              "batch_totals",
              LaunchShape.of(1, threads),
              stop,
              gpu.batch(17, start, batch.size, 0),
              totals,
              partials,
              BLOCKS,
              gpu.of(2.0, 5.0),
              gpu.of(1.0, 2.0),
              2,
              0.1,
              1e6,
              headGradient);
          double[] after = gpu.doubles(totals);
          double squaredError = batch.squaredError();
          double allowed = tolerance * Math.max(1, squaredError);
          assertEquals(100 + batch.size, after[0]);
          assertEquals(7 + squaredError, after[1], allowed);
          assertEquals(9 + squaredError + batch.size * penalty, after[2], allowed);
          assertEquals(0, after[3]);
          assertEquals(0, gpu.ints(stop)[0]);
          double[] head = batch.headGradient();
          assertNear(
              new double[] {head[0], head[1], 0, 0},
              gpu.floats(headGradient),
              tolerance,
              1,
              batch + ", head");
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void aDivergedBatchStopsWhatFollows(String binding) {
    for (double squaredError : new double[] {41, Double.NaN, Double.POSITIVE_INFINITY}) {
      try (Gpu gpu = Gpu.open(binding)) {
        DeviceBuffer stop = gpu.of(0);
        DeviceBuffer totals = gpu.of(0.0, 0.0, 0.0, 0.0);
        DeviceBuffer partials = gpu.of(squaredError);
        Object[] arguments = {
          stop,
          gpu.batch(5, 0, 10, 0),
          totals,
          partials,
          1,
          Gpu.NULL,
          Gpu.NULL,
          0,
          0.0,
          4.0,
          Gpu.NULL
        };
        gpu.run("totals", "batch_totals", LaunchShape.of(1, 32), arguments);
        assertArrayEquals(new double[] {10, squaredError, squaredError, 6}, gpu.doubles(totals));
        assertEquals(1, gpu.ints(stop)[0]);
        gpu.run("totals", "batch_totals", LaunchShape.of(1, 32), arguments);
        assertEquals(10, gpu.doubles(totals)[0], "nothing is added after it");
      }
    }
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer stop = gpu.of(0);
      gpu.run(
          "totals",
          "batch_totals",
          LaunchShape.of(1, 32),
          stop,
          gpu.batch(5, 0, 10, 0),
          gpu.of(0.0, 0.0, 0.0, 0.0),
          gpu.of(40.0),
          1,
          Gpu.NULL,
          Gpu.NULL,
          0,
          0.0,
          4.0,
          Gpu.NULL);
      assertEquals(0, gpu.ints(stop)[0], "at the limit is not above it");
    }
  }

  static int[] shifted(int[] values, int by) {
    int[] shifted = new int[by + values.length];
    System.arraycopy(values, 0, shifted, by, values.length);
    return shifted;
  }

  static float[] shifted(float[] values, int by) {
    float[] shifted = new float[by + values.length];
    System.arraycopy(values, 0, shifted, by, values.length);
    return shifted;
  }
}
