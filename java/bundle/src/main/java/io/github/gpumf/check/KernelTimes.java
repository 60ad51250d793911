package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.Locale;

/**
 * Each kernel by itself, beside the least time that it can take: that of a copy of the bytes which
 * its source says it must move, or of a launch. The bytes count every row of a batch as read from
 * memory, so where a cache helps a kernel can be faster than its floor. Kernels that no training
 * and no query launches are left out.
 */
final class KernelTimes implements Measure {
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
    return "kernels";
  }

  @Override
  public void run(Findings findings) throws InterruptedException {
    try (Stream stream = context.newStream();
        EventTimer timer = new EventTimer(context, stream, sizes.samples(), sizes.repetitions())) {
      double launch = launchTime(timer, stream);
      KernelBench bench =
          new KernelBench(kernels, Launches.of(context.device()), stream, timer, findings, launch);
      findings.machine(
          "launch", String.format(Locale.ROOT, "%.2f us from one to the next", launch));
      for (Shape shape : sizes.shapes()) {
        for (int k : sizes.factors()) {
          if (2 * KernelTables.bytes(shape, k) > context.memory().free()) {
            findings.note(shape + ", k = " + k + ": left out, more than half of the free memory");
            continue;
          }
          for (int batchSize : sizes.batchSizes()) {
            if (Thread.interrupted()) {
              throw new InterruptedException("at " + shape);
            }
            boolean last = batchSize == sizes.batchSizes().getLast();
            try (KernelTables tables =
                new KernelTables(
                    context, kernels, stream, shape, k, sizes.positions(), batchSize)) {
              new BatchKernels(bench, tables, shape).time();
              if (last) {
                new TableKernels(bench, tables, shape).time();
                new RatingKernels(bench, tables, shape).time();
                new ServingKernels(bench, tables, shape).time();
              }
              if (last && k == sizes.factors().getFirst()) {
                new WindowKernels(bench, tables, shape).time();
              }
              stream.synchronize();
              tables.requireFinite();
            }
          }
        }
      }
    }
  }

  /** Between launches of a kernel that ends at once: {@code stop} is set. */
  private double launchTime(EventTimer timer, Stream stream) {
    try (DeviceBuffer stopped = context.allocate(16)) {
      stopped.fill(1, stream);
      KernelCall call =
          kernels
              .kernel("optimizers", "sgd_table")
              .call(
                  stopped,
                  0f,
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
