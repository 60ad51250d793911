package io.github.gpumf.backend.vector;

/** The loops of a batch over rows of one length. */
interface RowLoops {
  /** y = factor x. */
  void setScaled(long y, float factor, long x);

  /**
   * The errors of the ratings of one row, and what they add to its gradient.
   *
   * @param number of the row among those of its side in the batch
   * @param kernel of the Dense head, or 1
   * @param offset of the predictions: all but the dot product and the other row's bias
   * @param scale 2/n
   * @param gradient the address of the row's gradient, which is added to
   * @return the sum of the slopes
   */
  float addErrors(
      Batch batch,
      BatchSide side,
      BatchSide other,
      int number,
      float kernel,
      float offset,
      float scale,
      long gradient);

  /**
   * What ratings whose slopes are known add to the gradient of their row.
   *
   * @param number of the row among those of its side in the batch
   * @param kernel of the Dense head, or 1
   * @param gradient the address of the row's gradient, which is added to
   * @return the sum of the slopes
   */
  float addSlopes(
      Batch batch, BatchSide side, BatchSide other, int number, float kernel, long gradient);

  /**
   * Moves a row, of weights, m and v, over the steps that it has rested; what the numbers are
   * stands in {@link io.github.gpumf.backend.AdamTails}.
   */
  void catchUp(
      long weights,
      long moments,
      long squares,
      float epsilon,
      float a0,
      float a1,
      float a2,
      float a3,
      float decay1,
      float decay2);
}
