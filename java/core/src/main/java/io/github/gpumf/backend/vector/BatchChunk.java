package io.github.gpumf.backend.vector;

/** Single numbers of some consecutive rows of a batch. One thread's. */
final class BatchChunk {
  /**
   * Rows of a chunk, at most: so many that a loop over them outweighs its call, and so few that
   * they stay in a second-level cache from loop to loop; with Adam's numbers 64 KiB for a half of
   * the columns of k = 64.
   */
  static final int ROWS = 128;

  /** Rows that the batch does not hold. */
  final int[] others = new int[ROWS];

  final float[] bias = new float[ROWS];

  /** The gradient of each row divided by the row, ratings left out. */
  final float[] shrink = new float[ROWS];

  /** The sum of each row's slopes; then the gradient of its bias. */
  final float[] slopes = new float[ROWS];

  /** The sums of the rows' squares, by half of the columns. */
  final double[] squares = new double[2];

  final Rests rests = new Rests(ROWS);
}
