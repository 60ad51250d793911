package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;

/**
 * A kernel that runs once a batch. All of them begin with the same parameters (rows.cuh): {@code
 * stop}, and where they find the batch.
 *
 * @param call with its other arguments set
 * @param shape blocks for a whole batch
 */
record BatchCall(KernelCall call, LaunchShape shape) {
  private static final int BATCH = 1;

  /**
   * Launches.
   *
   * @param batch on the device, as in {@link BatchLayout}
   */
  void launch(Stream stream, DeviceMemory batch) {
    call.set(BATCH, batch).launch(stream, shape);
  }
}
