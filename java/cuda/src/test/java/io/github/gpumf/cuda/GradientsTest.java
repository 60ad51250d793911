package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.TestDriver;
import java.util.Comparator;
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

    /** The gradients of one side: of its rows and of its biases. */
    float[][] ofSide(boolean users, LaunchShape shape) {
      int[] rows = users ? batch.users : batch.items;
      int rowCount = users ? BatchCase.USERS : BatchCase.ITEMS;
      int[] order =
          IntStream.range(0, batch.size)
              .boxed()
              .sorted(Comparator.comparingInt(at -> rows[at]))
              .mapToInt(Integer::intValue)
              .toArray();
      int[] sortedRows = IntStream.of(order).map(at -> rows[at]).toArray();
      int[] sortedPositions = IntStream.of(order).map(at -> START + at).toArray();
      // Rows outside the batch must stay as they are: here, what clearing leaves.
      DeviceBuffer gradient = gpu.of(new float[rowCount * Gpu.stride(batch.k)]);
      DeviceBuffer biasGradient = gpu.of(new float[rowCount]);
      gpu.run(
          "gradients",
          "gradient_rows",
          shape,
          stop,
          START,
          batch.size,
          batch.scale,
          gpu.of(PredictionsTest.shifted(sortedRows, START)),
          gpu.of(PredictionsTest.shifted(sortedPositions, START)),
          users ? items : this.users,
          slopes,
          users ? userFactors : itemFactors,
          users ? itemFactors : userFactors,
          Gpu.vectors(batch.k),
          Gpu.group(batch.k),
          users ? userBias : itemBias,
          head,
          BatchCase.REGULARIZATION,
          BatchCase.BIAS_REGULARIZATION,
          gradient,
          batch.dense ? Gpu.NULL : biasGradient);
      return new float[][] {gpu.rows(gradient, batch.k), gpu.floats(biasGradient)};
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
          OnDevice device = OnDevice.of(gpu, batch);
          for (boolean users : new boolean[] {true, false}) {
            float[][] gradients = device.ofSide(users, LaunchShape.of(BLOCKS, threads));
            check(batch, users, gradients[0], gradients[1]);
          }
        }
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
        float[][] expected = device.ofSide(false, LaunchShape.of(1, 32));
        for (int seed = 0; seed < 100; seed++) {
          TestDriver.standIn().seed(seed);
          int threads = 32 * (1 + seed % 8);
          float[][] again = device.ofSide(false, LaunchShape.of(1 + seed % 61, threads));
          String what = "seed " + seed + ", " + batch;
          assertArrayEquals(expected[0], again[0], what);
          assertArrayEquals(expected[1], again[1], what);
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
            START,
            batch.size,
            batch.scale,
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
