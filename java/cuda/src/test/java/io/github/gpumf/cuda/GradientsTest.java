package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.TestDriver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code gradients.cu}. */
final class GradientsTest {
  /** The batch does not stand at the start of the window. */
  private static final int START = 5;

  private static final int BLOCKS = 4;

  /** A batch's columns and model on the device. */
  private record OnDevice(
      Gpu gpu,
      BatchCase batch,
      DeviceBuffer stop,
      DeviceBuffer users,
      DeviceBuffer items,
      DeviceBuffer slopes,
      DeviceBuffer userFactors,
      DeviceBuffer itemFactors,
      Object userBias,
      Object itemBias,
      Object head) {
    static OnDevice of(Gpu gpu, BatchCase batch) {
      float[] slopes = new float[batch.size];
      for (int at = 0; at < batch.size; at++) {
        slopes[at] = (float) batch.slope(at);
      }
      return new OnDevice(
          gpu,
          batch,
          gpu.of(0),
          gpu.of(PredictionsTest.shifted(batch.users, START)),
          gpu.of(PredictionsTest.shifted(batch.items, START)),
          gpu.of(PredictionsTest.shifted(slopes, START)),
          gpu.table(batch.userFactors, batch.k),
          gpu.table(batch.itemFactors, batch.k),
          batch.dense ? Gpu.NULL : gpu.of(batch.userBias),
          batch.dense ? Gpu.NULL : gpu.of(batch.itemBias),
          batch.dense ? gpu.of(batch.head) : Gpu.NULL);
    }

    /** The gradients of both sides: of their rows and of their biases. */
    Found both(LaunchShape shape) {
      Sorted ofUsers = Sorted.of(gpu, batch.users, BatchCase.USERS, batch);
      Sorted ofItems = Sorted.of(gpu, batch.items, BatchCase.ITEMS, batch);
      List<Object> arguments = new ArrayList<>(List.of(stop, gpu.batch(0, START, batch.size, 0)));
      arguments.addAll(ofUsers.arguments(users, userFactors, userBias, batch.dense));
      arguments.addAll(ofItems.arguments(items, itemFactors, itemBias, batch.dense));
      arguments.addAll(
          List.of(
              slopes,
              Gpu.vectors(batch.k),
              Gpu.group(batch.k),
              head,
              BatchCase.REGULARIZATION,
              BatchCase.BIAS_REGULARIZATION));
      LaunchShape bothSides = shape.withGridY(2);
      gpu.run("gradients", "gradient_rows", bothSides, arguments.toArray());
      if (batch.size > BatchLayout.CHUNK) {
        gpu.run("gradients", "gradient_sums", bothSides, arguments.toArray());
      }
      return new Found(
          gpu.rows(ofUsers.gradient, batch.k),
          gpu.floats(ofUsers.biasGradient),
          gpu.rows(ofItems.gradient, batch.k),
          gpu.floats(ofItems.biasGradient));
    }
  }

  /** A side's index, and what its gradient goes into. */
  private record Sorted(
      DeviceBuffer rows,
      DeviceBuffer positions,
      DeviceBuffer gradient,
      DeviceBuffer biasGradient,
      DeviceBuffer carried) {
    static Sorted of(Gpu gpu, int[] rowAt, int rows, BatchCase batch) {
      int[] order =
          IntStream.range(0, batch.size)
              .boxed()
              .sorted(Comparator.comparingInt(at -> rowAt[at]))
              .mapToInt(Integer::intValue)
              .toArray();
      int[] sortedRows = IntStream.of(order).map(at -> rowAt[at]).toArray();
      int[] sortedPositions = IntStream.of(order).map(at -> START + at).toArray();
      int chunks = Math.min(BatchLayout.MOST_CHUNKS, Math.ceilDiv(batch.size, BatchLayout.CHUNK));
      int carried = Math.max(0, chunks - 1);
      return new Sorted(
          gpu.of(PredictionsTest.shifted(sortedRows, START)),
          gpu.of(PredictionsTest.shifted(sortedPositions, START)),
          // Rows outside the batch must stay as they are: here, what clearing leaves.
          gpu.of(new float[rows * Gpu.stride(batch.k)]),
          gpu.of(new float[rows]),
          // Whoever reads a sum that nobody has left finds it out.
          gpu.of(filled(carried * (Gpu.stride(batch.k) + 4), Float.NaN)));
    }

    private static float[] filled(int count, float value) {
      float[] values = new float[count];
      Arrays.fill(values, value);
      return values;
    }

    List<Object> arguments(DeviceBuffer rowAt, DeviceBuffer factors, Object bias, boolean dense) {
      return List.of(
          rows,
          positions,
          rowAt,
          factors,
          bias,
          gradient,
          dense ? Gpu.NULL : biasGradient,
          carried);
    }
  }

  /** What came of a batch. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares them as values.
  private record Found(float[] ofUsers, float[] ofUserBias, float[] ofItems, float[] ofItemBias) {
    void assertIs(Found expected, String what) {
      assertArrayEquals(expected.ofUsers, ofUsers, what);
      assertArrayEquals(expected.ofUserBias, ofUserBias, what);
      assertArrayEquals(expected.ofItems, ofItems, what);
      assertArrayEquals(expected.ofItemBias, ofItemBias, what);
    }

    void check(BatchCase batch) {
      GradientsTest.check(batch, true, ofUsers, ofUserBias);
      GradientsTest.check(batch, false, ofItems, ofItemBias);
    }
  }

  private static void check(BatchCase batch, boolean users, float[] rows, float[] biases) {
    String what = batch + (users ? ", users" : ", items");
    double tolerance = Near.tolerance(batch.size + batch.k);
    assertNear(batch.gradient(users), rows, tolerance, batch.scale, what);
    double[] biasGradient = batch.biasGradient(users);
    assertNear(
        batch.dense ? new double[biasGradient.length] : biasGradient,
        biases,
        tolerance,
        batch.scale,
        what + ", biases");
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void addUpTheRatingsOfARow(String binding) {
    for (BatchCase batch : PredictionsTest.cases()) {
      for (int threads : Sizes.THREADS) {
        try (Gpu gpu = Gpu.open(binding)) {
          OnDevice.of(gpu, batch).both(LaunchShape.of(BLOCKS, threads)).check(batch);
        }
      }
    }
  }

  /** Rows that end with a chunk, before and after it, go over several, or are the whole batch. */
  static List<BatchCase> longRows() {
    int chunk = BatchLayout.CHUNK;
    List<BatchCase> cases = new ArrayList<>();
    for (int k : new int[] {3, 64, 200}) {
      for (boolean dense : new boolean[] {false, true}) {
        for (int count : new int[] {chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 1, 5000}) {
          cases.add(BatchCase.withItems(k, dense, count));
        }
        cases.add(BatchCase.withItems(k, dense, chunk, chunk, chunk, 1));
        cases.add(BatchCase.withItems(k, dense, 1, chunk, chunk, chunk));
        cases.add(BatchCase.withItems(k, dense, chunk - 1, 2, 3 * chunk - 2, 1, chunk, 2 * chunk));
        cases.add(BatchCase.withItems(k, dense, 7, 10 * chunk, 0, 1, 1, 3 * chunk + 5));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void addUpTheChunksOfALongRow(String binding) {
    for (BatchCase batch : longRows()) {
      try (Gpu gpu = Gpu.open(binding)) {
        OnDevice device = OnDevice.of(gpu, batch);
        Found expected = device.both(LaunchShape.of(1, 32));
        expected.check(batch);
        for (int seed = 0; seed < 4; seed++) {
          TestDriver.standIn().seed(seed);
          LaunchShape shape = LaunchShape.of(1 + 3 * seed, 32 * (1 + seed * seed));
          device.both(shape).assertIs(expected, shape + ", " + batch);
        }
      }
    }
  }

  /** Just one more rating than the chunks hold, so that they are twice as long. */
  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void largeBatchesHaveLongerChunks(String binding) {
    int most = BatchLayout.MOST_CHUNKS * BatchLayout.CHUNK;
    for (int size : new int[] {most, most + 1}) {
      BatchCase batch = BatchCase.withItems(2, false, size / 2, 17, size - size / 2 - 17);
      try (Gpu gpu = Gpu.open(binding)) {
        OnDevice.of(gpu, batch).both(LaunchShape.of(BLOCKS, 96)).check(batch);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void haveTheSameBitsForAnyOrderOfBlocksAndAnyLaunch(String binding) {
    for (int k : new int[] {5, 64}) {
      BatchCase batch = new BatchCase(k, 2000, false, true);
      try (Gpu gpu = Gpu.open(binding)) {
        OnDevice device = OnDevice.of(gpu, batch);
        Found expected = device.both(LaunchShape.of(1, 32));
        for (int seed = 0; seed < 100; seed++) {
          TestDriver.standIn().seed(seed);
          int threads = 32 * (1 + seed % 8);
          device
              .both(LaunchShape.of(1 + seed % 61, threads))
              .assertIs(expected, "seed " + seed + ", " + batch);
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void byAtomicsAreTheSameUpToRounding(String binding) {
    for (BatchCase batch : PredictionsTest.cases()) {
      try (Gpu gpu = Gpu.open(binding)) {
        OnDevice device = OnDevice.of(gpu, batch);
        DeviceBuffer ofUsers = gpu.of(new float[BatchCase.USERS * Gpu.stride(batch.k)]);
        DeviceBuffer ofItems = gpu.of(new float[BatchCase.ITEMS * Gpu.stride(batch.k)]);
        DeviceBuffer ofUserBias = gpu.of(new float[BatchCase.USERS]);
        DeviceBuffer ofItemBias = gpu.of(new float[BatchCase.ITEMS]);
        gpu.run(
            "gradients",
            "gradient_atomic",
            LaunchShape.of(BLOCKS, 96),
            device.stop,
            gpu.batch(0, START, batch.size, 0),
            device.users,
            device.items,
            device.slopes,
            device.userFactors,
            device.itemFactors,
            Gpu.vectors(batch.k),
            Gpu.group(batch.k),
            device.userBias,
            device.itemBias,
            device.head,
            BatchCase.REGULARIZATION,
            BatchCase.BIAS_REGULARIZATION,
            ofUsers,
            ofItems,
            batch.dense ? Gpu.NULL : ofUserBias,
            batch.dense ? Gpu.NULL : ofItemBias);
        check(batch, true, gpu.rows(ofUsers, batch.k), gpu.floats(ofUserBias));
        check(batch, false, gpu.rows(ofItems, batch.k), gpu.floats(ofItemBias));
      }
    }
  }
}
