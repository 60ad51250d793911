package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.NULL;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;

/**
 * Kernels that prepare a window, and the one that makes ratings to measure with; k is nothing to
 * them.
 *
 * @param bench to time with
 * @param t to time on
 */
record WindowKernels(KernelBench bench, KernelTables t) {
  private static final String FILE = "batch_index";

  /** Keys of a thread and values of a digit, in {@code batch_index.cu}. */
  private static final int KEYS = 16;

  private static final int DIGITS = 256;

  /** Of radix_scatter; see batch_index.cu. */
  private static final int SHARED_OF_THREAD = 160;

  /** Times all of them. */
  void time() {
    int count = t.positions;
    int rowBits = Integer.SIZE - Integer.numberOfLeadingZeros(t.users.rows() - 1);
    LaunchShape each = bench.launches().items(count);
    DeviceBuffer keys = t.zeros(4L * count);
    DeviceBuffer places = t.zeros(4L * count);
    DeviceBuffer sortedKeys = t.zeros(4L * count);
    DeviceBuffer sortedPlaces = t.zeros(4L * count);
    bench.time(
        SkewedRatings.KERNEL,
        SkewedRatings.KERNEL,
        load(12.0 * count),
        each,
        1L,
        1L,
        0L,
        count,
        t.users.rows(),
        t.items.rows(),
        keys,
        places,
        sortedKeys);
    bench.time(
        "batches",
        "gather_batches",
        load(108.0 * count),
        each,
        t.users.rowAt(),
        t.items.rowAt(),
        t.values,
        NULL,
        (long) count,
        1,
        1L,
        1L,
        0L,
        count,
        keys,
        places,
        sortedKeys,
        NULL);
    bench.time(
        FILE,
        "index_keys",
        load(12.0 * count),
        each,
        t.users.rowAt(),
        count,
        t.batchSize,
        rowBits,
        keys,
        places);
    radix(keys, places, sortedKeys, sortedPlaces);
    bench.time(
        FILE, "index_rows", load(8.0 * count), each, sortedKeys, count, rowBits, sortedPlaces);
  }

  private Load load(double bytes) {
    return new Load(t.size(t.positions, "positions"), 0, bytes);
  }

  /** A pass of the sort. */
  private void radix(
      DeviceBuffer keys, DeviceBuffer places, DeviceBuffer sortedKeys, DeviceBuffer sortedPlaces) {
    int count = t.positions;
    int threads = bench.launches().items(Math.ceilDiv(count, KEYS)).blockX();
    int tiles = Math.ceilDiv(count, threads * KEYS);
    double countBytes = 4.0 * DIGITS * tiles;
    DeviceBuffer counts = t.zeros(4L * DIGITS * tiles);
    DeviceBuffer totals = t.zeros(4L * DIGITS);
    LaunchShape tiled = LaunchShape.of(tiles, threads);
    LaunchShape scanning = LaunchShape.of(DIGITS * 32 / Launches.THREADS, Launches.THREADS);
    Object[] counting = {keys, count, 0, tiles, counts};
    Object[] scan = {counts, tiles, totals};
    bench.time(FILE, "radix_count", load(4.0 * count + countBytes), tiled, counting);
    bench.time(FILE, "radix_scan", load(2 * countBytes), scanning, scan);
    // Scanned again and again they are no counts any more, and would scatter out of bounds.
    bench.call(FILE, "radix_count", counting).launch(bench.stream(), tiled);
    bench.call(FILE, "radix_scan", scan).launch(bench.stream(), scanning);
    bench.time(
        FILE,
        "radix_scatter",
        load(16.0 * count + countBytes),
        tiled.withShared(threads * SHARED_OF_THREAD),
        keys,
        places,
        count,
        0,
        tiles,
        counts,
        totals,
        sortedKeys,
        sortedPlaces);
  }
}
