package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.BatchLayout;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Each kernel by itself, beside the least time that it can take: that of a copy of the bytes which
 * its source says it must move, or of a launch. The bytes count every row of a batch as read from
 * memory, so where a cache helps a kernel can be faster than its floor. What goes through all of an
 * epoch at once, an update a rating, is among the epochs.
 */
final class KernelTimes implements Measure {
  static final String NAME = "kernels";

  /** Ratings of a window for kernels that would take seconds for more. */
  private static final int FEW_POSITIONS = 1 << 18;

  private final CudaContext context;
  private final Kernels kernels;
  private final Sizes sizes;

  KernelTimes(CudaContext context, Kernels kernels, Sizes sizes) {
    this.context = context;
    this.kernels = kernels;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Findings findings) throws InterruptedException {
    int few = Math.min(sizes.positions(), FEW_POSITIONS);
    try (Stream stream = context.newStream();
        EventTimer timer = new EventTimer(context, stream, sizes.samples(), sizes.repetitions())) {
      double launch = launchTime(timer, stream);
      KernelBench bench =
          new KernelBench(kernels, Launches.of(context.device()), stream, timer, findings, launch);
      findings.machine(
          "launch", String.format(Locale.ROOT, "%.2f us from one to the next", launch));
      for (Shape shape : sizes.shapes()) {
        for (int k : sizes.factors()) {
          for (int batchSize : sizes.batchSizes()) {
            on(shape, k, sizes.positions(), batchSize, bench, tables -> time(bench, tables));
          }
          int small = sizes.smallBatchSize();
          on(
              shape,
              k,
              few,
              small,
              bench,
              t -> {
                new SmallBatchKernels(bench, t).time();
                new RatingKernels(bench, t).time();
              });
        }
      }
      // Those that hold several vectors of a row in a lane are for a large k alone.
      Shape first = sizes.shapes().getFirst();
      for (int k : sizes.wideFactors()) {
        int batchSize = sizes.batchSizes().getFirst();
        on(first, k, few, batchSize, bench, t -> new RatingKernels(bench, t).time());
      }
    }
  }

  private void time(KernelBench bench, KernelTables tables) {
    new BatchKernels(bench, tables).time();
    new RestingKernels(bench, tables).time();
    if (tables.batchSize == sizes.batchSizes().getLast()) {
      new TableKernels(bench, tables).time();
      new ServingKernels(bench, tables, sizes.mostListed()).time();
      if (tables.k == sizes.factors().getFirst()) {
        new WindowKernels(bench, tables).time();
      }
    }
  }

  /** Makes tables and times kernels on them, if there is memory for them. */
  private void on(
      Shape shape,
      int k,
      int positions,
      int batchSize,
      KernelBench bench,
      Consumer<KernelTables> times)
      throws InterruptedException {
    if (2 * KernelTables.bytes(shape, k) > context.memory().free()) {
      bench.findings().note(shape + ", k = " + k + ": left out, more than half of the free memory");
      return;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException("at " + shape);
    }
    try (KernelTables tables =
        new KernelTables(context, kernels, bench.stream(), shape, k, positions, batchSize)) {
      times.accept(tables);
      tables.requireFinite(bench);
    }
  }

  /** Between launches of a kernel that ends at once: {@code stop} is set. */
  private double launchTime(EventTimer timer, Stream stream) {
    try (DeviceBuffer stopped = context.allocate(BatchLayout.BYTES)) {
      stopped.fill(1, stream);
      KernelCall call =
          kernels
              .kernel("optimizers", "sgd_table")
              .call(
                  stopped,
                  stopped, // as a batch: what is in it does not matter
                  KernelBench.NULL,
                  KernelBench.NULL,
                  KernelBench.NULL,
                  KernelBench.NULL,
                  0L,
                  0f,
                  0f,
                  0f,
                  0f,
                  KernelBench.NULL);
      LaunchShape shape = LaunchShape.of(1, Launches.THREADS);
      return timer.microseconds(turn -> call.launch(stream, shape));
    }
  }
}
