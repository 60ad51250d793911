package io.github.gpumf.backend.vector;

/**
 * Visits ratings one after the other and moves the two rows of each. The ratings lie as a {@link
 * io.github.gpumf.backend.RatingGrid} has them.
 *
 * <p>Implementations are written for {@link Shaped}: with the bytes of a row as a constant the
 * compiler unrolls the loops over a row, which makes them half as fast again.
 */
interface RatingKernel {
  /**
   * Visits the ratings of a block.
   *
   * @param from address of the first
   * @param end address after the last
   * @param groups how many share no row, one group after the other
   * @return the sum of weighted squared errors, each before its update
   */
  double run(
      long from, long end, byte[] groups, RatingSide users, RatingSide items, RatingStep step);
}
