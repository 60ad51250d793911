package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Permutation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code batches.cu}: the epoch's order is the CPU's. */
final class BatchesTest {
  private static final long SEED = -77;
  private static final int EPOCH = 5;

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void ofNoRatingsWriteNothing(String binding) {
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer empty = gpu.of(new int[0]);
      gpu.run(
          "batches",
          "gather_batches",
          LaunchShape.of(1, 32),
          empty,
          empty,
          empty,
          Gpu.NULL,
          0L,
          1,
          SEED,
          CounterRandom.of(SEED, Purpose.SHUFFLE, EPOCH).stream(),
          0L,
          0,
          empty,
          empty,
          empty,
          Gpu.NULL);
      gpu.run("batch_index", "index_keys", LaunchShape.of(1, 32), empty, 0, 32, 4, empty, empty);
      gpu.run("batch_index", "index_rows", LaunchShape.of(1, 32), empty, 0, 4, empty);
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void followTheOrderOfTheEpoch(String binding) {
    for (int size : new int[] {1, 2, 31, 257, 10_000}) {
      Draws draws = new Draws(size);
      int[] users = draws.rows(size, 1000);
      int[] items = draws.rows(size, 300);
      float[] values = draws.floats(size, 1, 5);
      float[] weights = draws.floats(size, 0.5f, 2);
      Permutation order = new Permutation(size, SEED, Purpose.SHUFFLE, EPOCH);
      for (boolean shuffle : new boolean[] {true, false}) {
        int start = size / 3;
        int count = size - start - size / 5;
        int[] expectedUsers = new int[count];
        int[] expectedItems = new int[count];
        float[] expectedValues = new float[count];
        float[] expectedWeights = new float[count];
        for (int at = 0; at < count; at++) {
          int row = shuffle ? (int) order.apply(start + at) : start + at;
          expectedUsers[at] = users[row];
          expectedItems[at] = items[row];
          expectedValues[at] = values[row];
          expectedWeights[at] = weights[row];
        }
        for (int threads : Sizes.THREADS) {
          try (Gpu gpu = Gpu.open(binding)) {
            DeviceBuffer toUsers = gpu.allocate(4L * count);
            DeviceBuffer toItems = gpu.allocate(4L * count);
            DeviceBuffer toValues = gpu.allocate(4L * count);
            DeviceBuffer toWeights = gpu.allocate(4L * count);
            for (boolean weighted : new boolean[] {false, true}) {
              gpu.run(
                  "batches",
                  "gather_batches",
                  LaunchShape.of(7, threads),
                  gpu.of(users),
                  gpu.of(items),
                  gpu.of(values),
                  weighted ? gpu.of(weights) : Gpu.NULL,
                  (long) size,
                  shuffle ? 1 : 0,
                  SEED,
                  CounterRandom.of(SEED, Purpose.SHUFFLE, EPOCH).stream(),
                  (long) start,
                  count,
                  toUsers,
                  toItems,
                  toValues,
                  weighted ? toWeights : Gpu.NULL);
            }
            assertArrayEquals(expectedUsers, gpu.ints(toUsers));
            assertArrayEquals(expectedItems, gpu.ints(toItems));
            assertArrayEquals(expectedValues, gpu.floats(toValues));
            assertArrayEquals(expectedWeights, gpu.floats(toWeights));
          }
        }
      }
    }
  }
}
