package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What came of an epoch so far, as kernels add it up ({@code totals.cu}). */
final class DeviceTotals {
  private static final int NUMBERS = 4;

  /** Device memory. */
  static final long BYTES = NUMBERS * Double.BYTES + Integer.BYTES;

  private final DeviceBuffer stop;
  private final DeviceBuffer totals;
  private final PinnedMemory answer;

  /** Zero once the arena's stream has come so far. */
  DeviceTotals(DeviceArena arena) {
    stop = arena.ints(1);
    totals = arena.doubles(NUMBERS);
    answer = arena.pinned((long) NUMBERS * Double.BYTES);
    clear(arena.stream());
  }

  /** An int, as in rows.cuh. */
  DeviceBuffer stop() {
    return stop;
  }

  /** Four doubles, as in totals.cu. */
  DeviceBuffer totals() {
    return totals;
  }

  /** Begins an epoch. */
  void clear(Stream stream) {
    totals.clear(stream);
    stop.clear(stream);
  }

  /** Waits for the launches so far. */
  EpochTotals download(Stream stream) {
    MemorySegment numbers = answer.segment();
    totals.copyTo(numbers, stream);
    stream.synchronize();
    return new EpochTotals(
        (long) numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 0),
        numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 1),
        numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 2),
        (long) numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 3) - 1);
  }
}
