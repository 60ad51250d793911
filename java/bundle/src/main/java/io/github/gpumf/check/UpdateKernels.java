package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import java.util.List;

/**
 * The optimizers' names in the kernels, and what they move.
 *
 * @param name as kernels begin with it
 * @param streams numbers that are read or written for a weight: itself, its gradient and the
 *     optimizer's own, each way
 */
record UpdateKernels(String name, int streams) {
  static final List<UpdateKernels> ALL =
      List.of(
          new UpdateKernels("adam", 8),
          new UpdateKernels("adagrad", 6),
          new UpdateKernels("sgd", 4));

  /** AdaGrad's sums of squares must not be where Adam left means, which may be negative. */
  DeviceBuffer first(Side side) {
    return name.equals("adagrad") ? side.second() : side.first();
  }

  /** That of the biases. */
  DeviceBuffer biasFirst(Side side) {
    return name.equals("adagrad") ? side.biasSecond() : side.biasFirst();
  }
}
