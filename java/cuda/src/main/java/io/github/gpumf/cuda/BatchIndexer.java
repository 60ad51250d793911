package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;

/**
 * Finds out which positions of each batch hold the same row: {@code batch_index.cu}, a stable radix
 * sort of a window of whole batches by (batch, row).
 */
final class BatchIndexer {
  private static final int DIGIT_BITS = 8;
  static final int DIGITS = 1 << DIGIT_BITS;
  static final int KEYS_OF_THREAD = 16;
  private static final int KEYS_OF_TILE = KEYS_OF_THREAD * Launches.THREADS;
  private static final int WARP = 32;

  /** Of radix_scatter: counts of its warp's digits, and its keys and positions; 160 bytes. */
  private static final int SHARED_OF_THREAD =
      DIGITS / WARP * Integer.BYTES + KEYS_OF_THREAD * 2 * Integer.BYTES;

  /** A warp a digit. */
  private static final LaunchShape SCAN =
      LaunchShape.of(DIGITS * WARP / Launches.THREADS, Launches.THREADS);

  private final Launches launches;
  private final Kernel keysKernel;
  private final Kernel countKernel;
  private final Kernel scanKernel;
  private final Kernel scatterKernel;
  private final Kernel rowsKernel;
  private final DeviceBuffer[] keys;
  private final DeviceBuffer[] positions;
  private final DeviceBuffer counts;
  private final DeviceBuffer totals;

  /**
   * Allocates room for windows.
   *
   * @param positionsOfWindow at most
   */
  BatchIndexer(Kernels kernels, Launches launches, int positionsOfWindow, DeviceArena arena) {
    this.launches = launches;
    keysKernel = kernels.kernel("batch_index", "index_keys");
    countKernel = kernels.kernel("batch_index", "radix_count");
    scanKernel = kernels.kernel("batch_index", "radix_scan");
    scatterKernel = kernels.kernel("batch_index", "radix_scatter");
    rowsKernel = kernels.kernel("batch_index", "index_rows");
    keys = new DeviceBuffer[] {arena.ints(positionsOfWindow), arena.ints(positionsOfWindow)};
    positions = new DeviceBuffer[] {arena.ints(positionsOfWindow), arena.ints(positionsOfWindow)};
    counts = arena.ints((long) DIGITS * Math.ceilDiv(positionsOfWindow, KEYS_OF_TILE));
    totals = arena.ints(DIGITS);
  }

  /** Device memory for windows. */
  static long bytes(int positionsOfWindow) {
    long tiles = Math.ceilDiv(positionsOfWindow, KEYS_OF_TILE);
    return Integer.BYTES * (4L * positionsOfWindow + DIGITS * tiles + DIGITS);
  }

  /** Bits of the rows of a table. */
  static int rowBits(long rows) {
    return Long.SIZE - Long.numberOfLeadingZeros(Math.max(0, rows - 1));
  }

  /** The most batches of a window whose keys fit 32 bits. */
  static long mostBatches(long rows) {
    return 1L << (Integer.SIZE - rowBits(rows));
  }

  /**
   * Sorts a window.
   *
   * @param rowAt the row of each position
   * @param count positions
   * @param rows of the table
   * @param sortedRows receives the rows, by batch, then row
   * @param sortedPositions receives their positions
   */
  void index(
      DeviceBuffer rowAt,
      int count,
      int batchSize,
      long rows,
      DeviceBuffer sortedRows,
      DeviceBuffer sortedPositions,
      Stream stream) {
    int rowBits = rowBits(rows);
    int batches = Math.ceilDiv(count, batchSize);
    int keyBits = rowBits + rowBits(batches);
    LaunchShape each = launches.items(count);
    int threads = Launches.threads(Math.ceilDiv(count, KEYS_OF_THREAD));
    int tiles = Math.ceilDiv(count, threads * KEYS_OF_THREAD);
    LaunchShape tiled = LaunchShape.of(tiles, threads);
    LaunchShape scattering = tiled.withShared(threads * SHARED_OF_THREAD);
    keysKernel.call(rowAt, count, batchSize, rowBits, keys[0], positions[0]).launch(stream, each);
    int now = 0;
    for (int shift = 0; shift < keyBits; shift += DIGIT_BITS) {
      boolean last = shift + DIGIT_BITS >= keyBits;
      countKernel.call(keys[now], count, shift, tiles, counts).launch(stream, tiled);
      scanKernel.call(counts, tiles, totals).launch(stream, SCAN);
      scatterKernel
          .call(
              keys[now],
              positions[now],
              count,
              shift,
              tiles,
              counts,
              totals,
              keys[1 - now],
              last ? sortedPositions : positions[1 - now])
          .launch(stream, scattering);
      now = 1 - now;
    }
    if (keyBits == 0) { // one batch, one row: in order as it is
      sortedPositions
          .slice(0, (long) count * Integer.BYTES)
          .copyFrom(positions[0].slice(0, (long) count * Integer.BYTES), stream);
    }
    rowsKernel.call(keys[now], count, rowBits, sortedRows).launch(stream, each);
  }
}
