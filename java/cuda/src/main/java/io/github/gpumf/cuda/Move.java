package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Stream;

/** A table's step along its gradient. */
@FunctionalInterface
interface Move {
  /**
   * Launches it.
   *
   * @param start of the batch in the window
   * @param size of the batch
   * @param rate of the step
   */
  void launch(Stream stream, int start, int size, float rate);
}
