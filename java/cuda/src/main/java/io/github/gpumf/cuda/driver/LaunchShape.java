package io.github.gpumf.cuda.driver;

/**
 * How many threads run a kernel, and how they are grouped. One-dimensional where no more is said.
 *
 * @param gridX blocks, at most 2<sup>31</sup> - 1
 * @param gridY blocks, at most 65,535
 * @param gridZ blocks, at most 65,535
 * @param blockX threads of a block
 * @param blockY threads of a block
 * @param blockZ threads of a block, at most 64
 * @param sharedBytes dynamic shared memory of a block
 */
public record LaunchShape(
    int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {
  /** On every device there is. */
  public static final int MOST_THREADS = 1024;

  private static final int MOST_BLOCKS_YZ = 65_535;
  private static final int MOST_THREADS_Z = 64;

  /** Checks what no device takes; a kernel may have lower limits. */
  public LaunchShape {
    check("blocks", gridX, Integer.MAX_VALUE);
    check("blocks along y", gridY, MOST_BLOCKS_YZ);
    check("blocks along z", gridZ, MOST_BLOCKS_YZ);
    check("threads along x", blockX, MOST_THREADS);
    check("threads along y", blockY, MOST_THREADS);
    check("threads along z", blockZ, MOST_THREADS_Z);
    if ((long) blockX * blockY * blockZ > MOST_THREADS) {
      throw new IllegalArgumentException(
          "a block has at most "
              + MOST_THREADS
              + " threads; got "
              + blockX
              + " x "
              + blockY
              + " x "
              + blockZ);
    }
    if (sharedBytes < 0) {
      throw new IllegalArgumentException(
          "shared memory must not be negative; got " + sharedBytes + " bytes");
    }
  }

  private static void check(String what, long value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          what
              + " must be from 1 to "
              + most
              + "; got "
              + value
              + (value == 0 ? "; skip an empty launch" : ""));
    }
  }

  /**
   * One-dimensional.
   *
   * @param blocks of the grid
   * @param threads of a block
   * @return a shape without dynamic shared memory
   */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(blocks, 1, 1, threads, 1, 1, 0);
  }

  /**
   * One-dimensional, a thread an item.
   *
   * @param items at least 1; as many threads or more run
   * @param threads of a block
   * @return a shape without dynamic shared memory
   */
  public static LaunchShape covering(long items, int threads) {
    check("threads along x", threads, MOST_THREADS);
    long blocks = Math.ceilDiv(items, (long) threads);
    check("blocks", blocks, Integer.MAX_VALUE);
    return of((int) blocks, threads);
  }

  /**
   * Sets the rows of blocks.
   *
   * @param blocks along y
   * @return the shape with them
   */
  public LaunchShape withGridY(int blocks) {
    return new LaunchShape(gridX, blocks, gridZ, blockX, blockY, blockZ, sharedBytes);
  }

  /**
   * Sets dynamic shared memory.
   *
   * @param bytes of a block
   * @return the shape with it
   */
  public LaunchShape withShared(int bytes) {
    return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, bytes);
  }

  @Override
  public String toString() {
    return "%d x %d x %d blocks of %d x %d x %d threads with %d bytes of shared memory"
        .formatted(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
  }
}
