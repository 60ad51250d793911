package io.github.gpumf.backend.vector;

/**
 * What is the same for all ratings of a batch.
 *
 * @param kernel of the Dense head, or 1
 * @param offset of every prediction
 * @param scale 2/n, by which errors become slopes
 * @param shrink the gradient of any row, divided by the row: Keras' L2
 * @param shrinkByRating what each rating adds to that
 * @param biasShrinkByRating the same of biases
 */
record BatchNumbers(
    float kernel,
    float offset,
    float scale,
    float shrink,
    float shrinkByRating,
    float biasShrinkByRating) {
  /** Whether a gradient of factors depends on the row itself. */
  boolean shrinks() {
    return shrink != 0 || shrinkByRating != 0;
  }
}
