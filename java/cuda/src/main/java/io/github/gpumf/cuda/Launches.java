package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.LaunchShape;

/**
 * How many blocks run a kernel. All kernels go over their work in strides, so a grid need not cover
 * it: one that fills the device is enough, and a smaller one where there is less to do.
 *
 * @param mostBlocks that fill the device
 */
public record Launches(int mostBlocks) {
  /** Eight warps: small enough for many blocks on a multiprocessor, and a multiple of any group. */
  public static final int THREADS = 256;

  static final int WARP = 32;

  /** {@code -Dgpumf.cuda.launches=separate} launches every kernel by itself, to compare. */
  static final String PROPERTY = "gpumf.cuda.launches";

  /**
   * Blocks, in those that fit the device, where some have many times others' work. With eight times
   * as many an optimizer moves the rows of a million positions sooner, but of 131,072 later, and
   * gradients come later ({@code optimizers.cu}, {@code gradients.cu}).
   */
  private static final int TURNS = 2;

  /** 2,048 threads, all that a multiprocessor holds. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 8;

  /**
   * Those of a device.
   *
   * @param device that is to be filled
   * @return no more blocks than run at once
   */
  public static Launches of(CudaDevice device) {
    return new Launches(device.multiprocessors() * BLOCKS_OF_MULTIPROCESSOR);
  }

  /** Whether kernels that do the work of several are used: the same bits in fewer launches. */
  static boolean together() {
    return !System.getProperty(PROPERTY, "together").equals("separate");
  }

  /**
   * A thread an item.
   *
   * @param count of items
   * @return blocks for all of them, or as many as fill the device
   */
  public LaunchShape items(long count) {
    return groups(count, 1);
  }

  /**
   * A thread an item, and blocks for all of them, for what is bound by memory: blocks that end and
   * are followed by others keep it busier than strides do. Adam on a table of 1.3 million rows of
   * 64 took 640 us on an H200 in place of 693, and a copy of as many bytes 634.
   *
   * @param count of items, at most 2<sup>31</sup> - 1 blocks of them
   * @return blocks for all of them
   */
  public static LaunchShape each(long count) {
    int threads = threads(count);
    return LaunchShape.of(Math.toIntExact(Math.max(1, Math.ceilDiv(count, threads))), threads);
  }

  /**
   * A group of lanes an item.
   *
   * @param count of items
   * @param group lanes, a power of two
   * @return blocks for all of them, or as many as fill the device
   */
  public LaunchShape groups(long count, int group) {
    return groups(count, group, mostBlocks);
  }

  private static LaunchShape groups(long count, int group, int most) {
    int threads = threads(count * group);
    long wanted = Math.ceilDiv(count, (long) (threads / group));
    return LaunchShape.of(Math.clamp(wanted, 1, most), threads);
  }

  /**
   * A group of lanes for some neighbouring positions of a batch's index. There may be nothing to do
   * at them, where a row goes on, or a row each: where blocks end early, others follow.
   *
   * @param count of positions
   * @param group lanes, a power of two
   * @return blocks for all of them, or a multiple of those that fill the device
   */
  public LaunchShape positions(long count, int group) {
    return groups(count, group, TURNS * mostBlocks);
  }

  /**
   * One block, a thread an item as far as it reaches.
   *
   * @param count of items
   * @return a block
   */
  public static LaunchShape one(long count) {
    return LaunchShape.of(1, threads(count));
  }

  /**
   * One block, of as many threads as a block can have, a thread an item as far as it reaches.
   *
   * @param count of items
   * @return a block
   */
  static LaunchShape large(long count) {
    long threads = Math.ceilDiv(count, (long) WARP) * WARP;
    return LaunchShape.of(1, Math.clamp(threads, WARP, LaunchShape.MOST_THREADS));
  }

  /** Threads of a block: whole warps, no more than there are items, if these are few. */
  static int threads(long items) {
    return Math.clamp(Math.ceilDiv(items, (long) WARP) * WARP, WARP, THREADS);
  }

  /**
   * Lanes that share a row: the smallest power of two that holds its float4, at most a warp.
   *
   * @param vectors float4 of a row
   * @return a power of two
   */
  public static int group(int vectors) {
    return Math.min(WARP, Integer.highestOneBit(Math.max(1, 2 * vectors - 1)));
  }
}
