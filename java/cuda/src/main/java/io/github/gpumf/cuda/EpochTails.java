package io.github.gpumf.cuda;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * {@link AdamTails} on the device, as {@code deferred_adam.cu} wants them: for each step four
 * tails, and two powers.
 *
 * @param tails T_0 to T_3 of each step
 * @param powers of beta1, and of the root of beta2
 */
record EpochTails(DeviceBuffer tails, DeviceBuffer powers) {
  private static final int TAILS = AdamTails.TERMS;
  private static final int POWERS = 2;

  /** Room for an epoch's. */
  static EpochTails allocate(long batches, DeviceArena arena) {
    return new EpochTails(
        arena.doubles((batches + 1) * TAILS), arena.doubles((batches + 1) * POWERS));
  }

  /** Device memory of an epoch's. */
  static long bytes(long batches) {
    return (batches + 1) * (TAILS + POWERS) * Double.BYTES;
  }

  /** What the kernels take. */
  List<Object> arguments() {
    return List.of(tails, powers);
  }

  /** Copies them; waits for the stream. */
  void upload(AdamTails epoch, Stream stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment hostTails = arena.allocate(tails.size(), Double.BYTES);
      MemorySegment hostPowers = arena.allocate(powers.size(), Double.BYTES);
      for (int step = 0; step <= epoch.steps(); step++) {
        for (int term = 0; term < TAILS; term++) {
          set(hostTails, (long) step * TAILS + term, epoch.tail(term, step));
        }
        set(hostPowers, (long) step * POWERS, epoch.powerOfBeta1(step));
        set(hostPowers, (long) step * POWERS + 1, epoch.powerOfRoot(step));
      }
      tails.copyFrom(hostTails, stream);
      powers.copyFrom(hostPowers, stream);
      stream.synchronize(); // the host's memory goes
    }
  }

  private static void set(MemorySegment doubles, long index, double value) {
    doubles.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
  }
}
