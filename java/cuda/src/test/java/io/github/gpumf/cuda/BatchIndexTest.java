package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code batch_index.cu}: a stable sort by batch and row. */
final class BatchIndexTest {
  private static final int DIGIT_BITS = 8;
  private static final int DIGITS = 1 << DIGIT_BITS;
  private static final int KEYS_A_THREAD = 16;
  private static final int SHARED_OF_THREAD = 160;

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void groupsTheRowsOfEachBatch(String binding) {
    for (int count : new int[] {1, 31, 257, 10_000}) {
      for (int rows : new int[] {1, 200, 70_000}) {
        for (int batchSize : new int[] {1, 32, 5000, 20_000}) {
          check(binding, count, rows, batchSize, 64);
        }
      }
    }
    for (int threads : new int[] {32, 96, 128, 256}) {
      check(binding, 10_000, 500, 777, threads);
    }
  }

  private static void check(String binding, int count, int rows, int batchSize, int threads) {
    int[] rowAt = new Draws(count + rows).rows(count, rows);
    int[] expectedPositions =
        IntStream.range(0, count)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingInt(position -> position / batchSize)
                    .thenComparingInt(position -> rowAt[position])) // stable: ties keep their order
            .mapToInt(Integer::intValue)
            .toArray();
    int[] expectedRows = IntStream.of(expectedPositions).map(position -> rowAt[position]).toArray();
    int rowBits = 32 - Integer.numberOfLeadingZeros(rows - 1);
    int keyBits = rowBits + 32 - Integer.numberOfLeadingZeros((count - 1) / batchSize);
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer keys = gpu.allocate(4L * count);
      DeviceBuffer positions = gpu.allocate(4L * count);
      DeviceBuffer otherKeys = gpu.allocate(4L * count);
      DeviceBuffer otherPositions = gpu.allocate(4L * count);
      int tiles = Math.ceilDiv(count, threads * KEYS_A_THREAD);
      DeviceBuffer counts = gpu.allocate(4L * DIGITS * tiles);
      DeviceBuffer totals = gpu.allocate(4L * DIGITS);
      LaunchShape each = LaunchShape.covering(count, threads);
      LaunchShape tiled = LaunchShape.of(tiles, threads);
      gpu.run(
          "batch_index",
          "index_keys",
          each,
          gpu.of(rowAt),
          count,
          batchSize,
          rowBits,
          keys,
          positions);
      for (int shift = 0; shift < keyBits; shift += DIGIT_BITS) {
        gpu.run("batch_index", "radix_count", tiled, keys, count, shift, tiles, counts);
        gpu.run(
            "batch_index",
            "radix_scan",
            LaunchShape.of(Math.ceilDiv(DIGITS * 32, threads), threads),
            counts,
            tiles,
            totals);
        gpu.run(
            "batch_index",
            "radix_scatter",
            tiled.withShared(threads * SHARED_OF_THREAD),
            keys,
            positions,
            count,
            shift,
            tiles,
            counts,
            totals,
            otherKeys,
            otherPositions);
        DeviceBuffer sortedKeys = otherKeys;
        otherKeys = keys;
        keys = sortedKeys;
        DeviceBuffer sortedPositions = otherPositions;
        otherPositions = positions;
        positions = sortedPositions;
      }
      DeviceBuffer sortedRows = gpu.allocate(4L * count);
      gpu.run("batch_index", "index_rows", each, keys, count, rowBits, sortedRows);
      String shape = count + " of " + rows + " in batches of " + batchSize + ", " + threads;
      assertArrayEquals(expectedPositions, gpu.ints(positions), shape);
      assertArrayEquals(expectedRows, gpu.ints(sortedRows), shape);
    }
  }
}
