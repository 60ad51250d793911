package io.github.gpumf.backend.vector;

/**
 * The loops of a batch over rows of one length, or over ratings of such rows. Each is long enough,
 * and does little enough for a row, that a processor works on several rows at once: at k = 64 the
 * move of Adam takes 21 ns a row in such a loop, and 37 between other things. Addresses are of row
 * 0.
 */
interface RowLoops {
  /** Copies {@code rows[from]} to {@code rows[to - 1]} to one place after the other. */
  void copy(int[] rows, int from, int to, long factors, long copies);

  /** Sets so many gradients to 0. */
  void clearGradients(int count, long gradients);

  /** Sets gradients to {@code shrink} times their rows; both begin with {@code rows[from]}. */
  void startGradients(int[] rows, int from, int to, long factors, float[] shrink, long gradients);

  /**
   * Finds the dot products of the ratings of some users.
   *
   * @param from the first number of the users
   * @param to after the last
   * @param users copies of the batch's users, by number
   * @param items their factors, by row
   * @param halves whether rows have two halves, whose dot products are to be found one by one
   * @param dots to be filled, by the place of the rating
   */
  void findDots(
      Batch batch, int from, int to, long users, long items, boolean halves, float[] dots);

  /**
   * Finds the errors of the ratings of some users, whose dot products are known, and adds what they
   * make to the gradients.
   *
   * @param from the first number of the users
   * @param to after the last
   * @param items their factors, by row
   * @param itemBias the biases, or 0
   * @param slopes to be filled, by the place of the rating
   * @param chunk the users' biases, and their slopes to be summed up
   * @param gradients of the users, that of {@code from} first
   * @return the weighted squared error
   */
  double addErrors(
      Batch batch,
      int from,
      int to,
      long items,
      long itemBias,
      BatchNumbers numbers,
      float[] slopes,
      BatchChunk chunk,
      long gradients);

  /**
   * Adds what ratings whose slopes are known make to the gradients of some items.
   *
   * @param from the first number of the items
   * @param to after the last
   * @param users copies of the batch's users, by number
   * @param slopes by the place of the rating
   * @param chunk whose slopes are summed up
   * @param gradients of the items, that of {@code from} first
   */
  void addSlopes(
      Batch batch,
      int from,
      int to,
      long users,
      float kernel,
      float[] slopes,
      BatchChunk chunk,
      long gradients);

  /**
   * Moves rows, of weights, m and v, over the steps that they have rested; what the numbers are
   * stands in {@link io.github.gpumf.backend.AdamTails}.
   */
  void catchUp(Rests rests, long weights, long moments, long squares, float epsilon);
}
