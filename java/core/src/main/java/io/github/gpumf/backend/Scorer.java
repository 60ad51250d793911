package io.github.gpumf.backend;

import java.util.Objects;

/**
 * Answers queries on one model. Scores include the model's offset and are not clipped: clipping
 * would make ties.
 *
 * <p>Safe for any number of threads while open. Whoever opened a scorer closes it.
 */
public interface Scorer extends AutoCloseable {
  /** Which items a user's answer leaves out. Several threads may ask at the same time. */
  @FunctionalInterface
  interface Exclusions {
    /** Leaves nothing out. */
    Exclusions NONE = user -> new int[0];

    /**
     * The items to leave out.
     *
     * @param user index of a user
     * @return distinct item indices, ascending
     */
    int[] of(int user);

    /**
     * The items to leave out, of a model.
     *
     * @param user index of a user
     * @param itemCount items of the model
     * @return distinct item indices, ascending
     * @throws IndexOutOfBoundsException if the model has not all of them
     */
    default int[] of(int user, int itemCount) {
      int[] items = of(user);
      for (int item : items) {
        Objects.checkIndex(item, itemCount);
      }
      return items;
    }
  }

  /**
   * The best items of one query, best first; equal scores by ascending item.
   *
   * @param items their indices
   * @param scores as many
   */
  @SuppressWarnings(
      "ArrayRecordComponent") // Two arrays of hot numbers; nobody compares answers as values.
  record TopItems(int[] items, float[] scores) {}

  /**
   * Scores pairs.
   *
   * @param users indices
   * @param items as many indices
   * @return as many scores
   */
  float[] score(int[] users, int[] items);

  /**
   * The items with the highest scores for each of several users.
   *
   * @param users indices; may repeat
   * @param count at most so many items each, at least 1
   * @param exclusions items to leave out
   * @return an answer for each user; shorter than count where too few items are left
   */
  TopItems[] topItems(int[] users, int count, Exclusions exclusions);

  /**
   * The items whose factors have the highest cosine with an item's, itself left out. An item with
   * no length has cosine 0 with every other.
   *
   * @param item index
   * @param count at most so many, at least 1
   * @return the answer; scores are cosines
   */
  TopItems similarItems(int item, int count);

  @Override
  void close();
}
