package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

/**
 * Where the rows of one side begin, for a {@link RatingKernel}: addresses of the numbers of row 0,
 * or 0 where there are none.
 *
 * @param factors rows of factors
 * @param bias a column
 * @param first the optimizer's first slot of the factors: rows, or a column if a row shares one
 * @param second its second slot
 * @param biasFirst the first slot of the bias, a column
 * @param biasSecond the second slot
 * @param squares the sum of squares of each row, a column
 */
record RatingRows(
    long factors,
    long bias,
    long first,
    long second,
    long biasFirst,
    long biasSecond,
    long squares) {
  static RatingRows of(Side side, @Nullable PaddedTable squares) {
    return new RatingRows(
        side.factors.row(0),
        side.bias == null ? 0 : side.bias.row(0),
        side.factorSlot(0, 0),
        side.factorSlot(1, 0),
        side.biasSlot(0, 0),
        side.biasSlot(1, 0),
        squares == null ? 0 : squares.row(0));
  }
}
