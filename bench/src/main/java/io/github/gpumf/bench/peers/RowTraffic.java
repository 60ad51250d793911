package io.github.gpumf.bench.peers;

/**
 * Bytes of rows that an update of one rating reads and writes: the rating, and of the user and of
 * the item the factors and, for Adam, its two moments, all of it there and back. Tables that move
 * as a whole move more; rows that several ratings of a batch share, less.
 */
final class RowTraffic {
  private static final int RATING = 12;
  private static final int SIDES = 2;
  private static final int THERE_AND_BACK = 2;

  private RowTraffic() {}

  static double bytes(String recipe, int factors) {
    int tables = recipe.contains("adam") ? 3 : 1;
    return RATING + (double) SIDES * THERE_AND_BACK * tables * Float.BYTES * factors;
  }
}
