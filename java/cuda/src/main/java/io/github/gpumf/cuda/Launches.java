package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.LaunchShape;

/**
 * How many blocks run a kernel. All kernels go over their work in strides, so a grid need not cover
 * it: one that fills the device is enough, and a smaller one where there is less to do.
 *
 * @param mostBlocks that fill the device
 */
record Launches(int mostBlocks) {
  /** Eight warps: small enough for many blocks on a multiprocessor, and a multiple of any group. */
  static final int THREADS = 256;

  /** 2,048 threads, all that a multiprocessor holds. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 8;

  static Launches of(CudaDevice device) {
    return new Launches(device.multiprocessors() * BLOCKS_OF_MULTIPROCESSOR);
  }

  /** A thread an item. */
  LaunchShape items(long count) {
    return LaunchShape.of(blocks(count, 1), THREADS);
  }

  /** A group of lanes an item. */
  LaunchShape groups(long count, int group) {
    return LaunchShape.of(blocks(count, group), THREADS);
  }

  int blocks(long count, int group) {
    long wanted = Math.ceilDiv(count, (long) (THREADS / group));
    return Math.clamp(wanted, 1, mostBlocks);
  }

  /** One block. */
  static LaunchShape one() {
    return LaunchShape.of(1, THREADS);
  }

  /** Lanes that share a row: the smallest power of two that holds its float4, at most a warp. */
  static int group(int vectors) {
    int warp = 32;
    return Math.min(warp, Integer.highestOneBit(Math.max(1, 2 * vectors - 1)));
  }
}
