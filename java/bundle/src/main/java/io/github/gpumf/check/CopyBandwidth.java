package io.github.gpumf.check;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;

/** What copies reach: the roof of every kernel that moves bytes. */
final class CopyBandwidth implements Measure {
  static final String ON_DEVICE = "device to device";

  /** More tells nothing new, and page-locking it takes long. */
  private static final long MOST_PINNED = 1L << 28;

  private final CudaContext context;
  private final Sizes sizes;

  CopyBandwidth(CudaContext context, Sizes sizes) {
    this.context = context;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return "copy bandwidth";
  }

  @Override
  public void run(Findings findings) {
    try (Stream stream = context.newStream();
        EventTimer timer = new EventTimer(context, stream, sizes.samples(), sizes.repetitions())) {
      for (long bytes : sizes.copyBytes()) {
        if (bytes > context.memory().free() / 4) {
          findings.note("copies of " + bytes + " bytes: more than a quarter of the free memory");
          continue;
        }
        try (DeviceBuffer from = context.allocate(bytes);
            DeviceBuffer to = context.allocate(bytes)) {
          from.clear(stream);
          add(findings, ON_DEVICE, bytes, 2, timer, () -> to.copyFrom(from, stream));
          if (bytes <= MOST_PINNED) {
            try (PinnedMemory host = context.allocatePinned(bytes)) {
              add(
                  findings,
                  "pinned to device",
                  bytes,
                  1,
                  timer,
                  () -> to.copyFrom(host.segment(), stream));
              add(
                  findings,
                  "device to pinned",
                  bytes,
                  1,
                  timer,
                  () -> to.copyTo(host.segment(), stream));
              stream.synchronize();
            }
          }
          stream.synchronize();
        }
      }
    }
  }

  private static void add(
      Findings findings, String what, long bytes, int ways, EventTimer timer, Runnable copy) {
    double time = timer.microseconds(turn -> copy.run());
    findings.add(new Findings.Copy(what, bytes, time, ways * bytes / time / 1e3));
  }
}
