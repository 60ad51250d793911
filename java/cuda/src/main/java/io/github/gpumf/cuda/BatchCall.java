package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;

/**
 * A kernel that runs once a batch, on a stretch of the window's positions. All of them begin with
 * the same parameters (rows.cuh): {@code stop}, the stretch, and a number.
 *
 * @param call with its other arguments set
 * @param shape blocks for a whole batch
 */
record BatchCall(KernelCall call, LaunchShape shape) {
  private static final int START = 1;
  private static final int SIZE = 2;
  private static final int NUMBER = 3;

  /**
   * Launches.
   *
   * @param start of the batch in the window
   * @param size of the batch
   * @param number the scale 2 / size, or the learning rate
   */
  void launch(Stream stream, int start, int size, float number) {
    call.set(START, start).set(SIZE, size).set(NUMBER, number).launch(stream, shape);
  }
}
