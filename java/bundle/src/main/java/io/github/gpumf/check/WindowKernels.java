package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Locale;

/** Kernels that prepare a window; k is nothing to them. */
final class WindowKernels {
  /** Keys of a thread and values of a digit, in {@code batch_index.cu}. */
  private static final int KEYS = 16;

  private static final int DIGITS = 256;

  private final KernelBench bench;
  private final KernelTables t;
  private final Shape shape;

  WindowKernels(KernelBench bench, KernelTables tables, Shape shape) {
    this.bench = bench;
    t = tables;
    this.shape = shape;
  }

  /** Times all of them. */
  void time() {
    String size = String.format(Locale.ROOT, "%s, %,d positions", shape.name(), t.positions);
    int count = t.positions;
    int rowBits = Integer.SIZE - Integer.numberOfLeadingZeros(t.users.rows() - 1);
    LaunchShape each = bench.launches().items(count);
    DeviceBuffer keys = t.zeros(4L * count);
    DeviceBuffer places = t.zeros(4L * count);
    DeviceBuffer sortedKeys = t.zeros(4L * count);
    DeviceBuffer sortedPlaces = t.zeros(4L * count);
    KernelCall gather =
        bench
            .kernel("batches", "gather_batches")
            .call(
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                KernelBench.NULL,
                (long) count,
                1,
                1L,
                1L,
                0L,
                count,
                keys,
                places,
                sortedKeys,
                KernelBench.NULL);
    bench.time("gather_batches", size, 0, 108.0 * count, gather, each);
    KernelCall index =
        bench
            .kernel("batch_index", "index_keys")
            .call(t.users.rowAt(), count, t.batchSize, rowBits, keys, places);
    bench.time("index_keys", size, 0, 12.0 * count, index, each);
    int threads = bench.launches().items(Math.ceilDiv(count, KEYS)).blockX();
    int tiles = Math.ceilDiv(count, threads * KEYS);
    DeviceBuffer counts = t.zeros(4L * DIGITS * tiles);
    DeviceBuffer totals = t.zeros(4L * DIGITS);
    LaunchShape tiled = LaunchShape.of(tiles, threads);
    KernelCall radixCount =
        bench.kernel("batch_index", "radix_count").call(keys, count, 0, tiles, counts);
    KernelCall scan = bench.kernel("batch_index", "radix_scan").call(counts, tiles, totals);
    LaunchShape scanning = LaunchShape.of(DIGITS * 32 / Launches.THREADS, Launches.THREADS);
    KernelCall scatter =
        bench
            .kernel("batch_index", "radix_scatter")
            .call(keys, places, count, 0, tiles, counts, totals, sortedKeys, sortedPlaces);
    LaunchShape scattering = tiled.withShared(threads / 32 * DIGITS * Integer.BYTES);
    bench.time("radix_count", size, 0, 4.0 * count, radixCount, tiled);
    // Scanning counts again and again would scatter out of bounds: count before each scan.
    bench.time(
        "radix_count, radix_scan, radix_scatter",
        size,
        0,
        20.0 * count,
        turn -> {
          radixCount.launch(bench.stream(), tiled);
          scan.launch(bench.stream(), scanning);
          scatter.launch(bench.stream(), scattering);
        });
    KernelCall rows =
        bench.kernel("batch_index", "index_rows").call(sortedKeys, count, rowBits, sortedPlaces);
    bench.time("index_rows", size, 0, 8.0 * count, rows, each);
  }
}
