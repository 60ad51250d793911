package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.LaunchShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What kernels and their callers agree on about a batch: how it is described on the device, which
 * is a {@code Batch} of rows.cuh, into how many chunks gradients.cuh cuts it, and the block that
 * small_batches.cu does it in.
 */
public final class BatchLayout {
  /** Of a batch. */
  public static final int BYTES = 24;

  /** Positions of a chunk, unless there would be too many. */
  static final int CHUNK = 32;

  /** Of a batch: larger ones have longer chunks, so that their memory ends somewhere. */
  static final int MOST_CHUNKS = 16_384;

  /** Of the block of a small batch. */
  static final int MOST_THREADS = 512;

  private static final int BYTES_OF_VECTOR = 4 * Float.BYTES;

  private static final long START = 8;
  private static final long SIZE = 12;
  private static final long SCALE = 16;
  private static final long RATE = 20;

  private BatchLayout() {}

  /**
   * Chunks of a batch that a row may go on in: all but the first.
   *
   * @param batchSize positions of it, at least 1
   * @return how many sums of pieces a side carries over
   */
  public static int carried(int batchSize) {
    return Math.min(MOST_CHUNKS - 1, (batchSize - 1) / CHUNK);
  }

  /**
   * Device memory of a side's carried sums: of the factors, and of the slopes.
   *
   * @param batchSize positions of the batch, at least 1
   * @param vectors float4 of a row
   * @return bytes
   */
  public static long bytesOfCarried(int batchSize, int vectors) {
    return (long) carried(batchSize) * (vectors + 1) * BYTES_OF_VECTOR;
  }

  /**
   * The block of a small batch: a group of lanes a position, as far as it reaches. It is the same
   * for whichever way the batches are launched, so that sums are.
   *
   * @param batchSize positions of the batch, at least 1
   * @param group lanes, a power of two
   * @return one block of whole warps
   */
  public static LaunchShape smallBlock(int batchSize, int group) {
    long threads = Math.ceilDiv((long) batchSize * group, (long) Launches.WARP) * Launches.WARP;
    return LaunchShape.of(1, (int) Math.min(MOST_THREADS, threads));
  }

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
