package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Stream;

/** Where the columns of a window come from, in the order of the epoch. */
interface WindowSource {
  /** The most positions of a window. */
  int positions();

  /** Whether there is a column of weights. */
  boolean weighted();

  /**
   * Puts the columns of a window where they are wanted, once the stream has come so far.
   *
   * @param start first position in the epoch
   * @param count positions
   */
  void fill(int epoch, long start, int count, DeviceRatings columns, Stream stream);

  /** Says which window will be wanted next, if the epoch goes on. */
  default void prepare(int epoch, long start, int count) {}
}
