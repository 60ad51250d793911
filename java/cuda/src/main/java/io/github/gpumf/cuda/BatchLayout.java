package io.github.gpumf.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a kernel finds about its batch on the device: a {@code Batch} of rows.cuh. */
public final class BatchLayout {
  /** Of a batch. */
  public static final int BYTES = 24;

  private static final long START = 8;
  private static final long SIZE = 12;
  private static final long SCALE = 16;
  private static final long RATE = 20;

  private BatchLayout() {}

  /**
   * Writes a batch.
   *
   * @param batches host memory of {@link #BYTES} a batch
   * @param index of the batch there
   * @param number of the batch in its epoch, from 0
   * @param start its first position in the window
   * @param size its positions
   * @param rate the learning rate of its step
   */
  public static void write(
      MemorySegment batches, int index, long number, int start, int size, float rate) {
    long at = (long) index * BYTES;
    batches.set(ValueLayout.JAVA_LONG, at, number);
    batches.set(ValueLayout.JAVA_INT, at + START, start);
    batches.set(ValueLayout.JAVA_INT, at + SIZE, size);
    batches.set(ValueLayout.JAVA_FLOAT, at + SCALE, 2f / size);
    batches.set(ValueLayout.JAVA_FLOAT, at + RATE, rate);
  }
}
