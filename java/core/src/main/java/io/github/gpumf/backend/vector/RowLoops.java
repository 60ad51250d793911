package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

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
   * Adds up the squares of some rows.
   *
   * @param halves whether rows have two halves, whose squares are to be added up one by one
   * @param sums to be added to: of rows or their first halves, then of their second halves
   */
  void addSquares(int[] rows, int from, int to, long factors, boolean halves, double[] sums);

  /**
   * Finds the dot products of the ratings of some users, and adds biases.
   *
   * @param from the first number of the users
   * @param to after the last
   * @param users copies of them, that of {@code from} first
   * @param items their factors, by row
   * @param userBias of the users, that of {@code from} first
   * @param itemBias the address of the biases by row, or 0 if there are none
   * @param halves whether rows have two halves, whose dot products are to be found one by one
   * @param dots to be filled, by rating
   */
  void findDots(
      Batch batch,
      int from,
      int to,
      long users,
      long items,
      float[] userBias,
      long itemBias,
      boolean halves,
      float[] dots);

  /**
   * Adds slopes times items to the gradients of some users.
   *
   * @param from the first number of the users
   * @param to after the last
   * @param items their factors, by row
   * @param kernel by which slopes are multiplied
   * @param slopes by rating
   * @param sums to each of which the slopes of a user are added, that of {@code from} first; or
   *     null
   * @param gradients of the users, that of {@code from} first
   */
  void addItems(
      Batch batch,
      int from,
      int to,
      long items,
      float kernel,
      float[] slopes,
      float @Nullable [] sums,
      long gradients);

  /**
   * Adds slopes times users to the gradients of some items; see {@link #addItems}.
   *
   * @param users copies of the batch's users, by number
   */
  void addUsers(
      Batch batch,
      int from,
      int to,
      long users,
      float kernel,
      float[] slopes,
      float @Nullable [] sums,
      long gradients);

  /**
   * Moves rows, of weights, m and v, over the steps that they have rested; what the numbers are
   * stands in {@link io.github.gpumf.backend.AdamTails}.
   */
  void catchUp(Rests rests, long weights, long moments, long squares, float epsilon);
}
