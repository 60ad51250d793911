package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.Stream;

/**
 * The squares of both factor tables, as Keras' L2 wants them in every batch's loss: partial sums, a
 * double a block. Where the optimizer goes over whole tables anyway it leaves them in passing, and
 * only the first batch needs a pass of its own.
 */
final class L2Penalty {
  private final boolean leftByOptimizer;
  private final int blocks;
  private final DeviceBuffer ofUsers;
  private final DeviceBuffer ofItems;
  private final KernelCall squareUsers;
  private final KernelCall squareItems;
  private final DeviceWeights weights;
  private boolean fresh;

  /**
   * Allocates the sums.
   *
   * @param leftByOptimizer whether the optimizer's kernels write them
   */
  L2Penalty(DeviceWeights weights, boolean leftByOptimizer, Kernels kernels, DeviceArena arena) {
    this.weights = weights;
    this.leftByOptimizer = leftByOptimizer;
    // One number for both: the shorter table leaves the rest at zero.
    blocks = Math.max(blocks(weights.userFactors()), blocks(weights.itemFactors()));
    ofUsers = arena.doubles(blocks);
    ofItems = arena.doubles(blocks);
    ofUsers.clear(arena.stream());
    ofItems.clear(arena.stream());
    squareUsers = square(kernels, weights.userFactors(), ofUsers);
    squareItems = square(kernels, weights.itemFactors(), ofItems);
  }

  /** Device memory of the sums. */
  static long bytes(TrainingShape shape) {
    long rows = Math.max(shape.users(), shape.items());
    long vectors = rows * DeviceTable.vectors(shape.spec().factors());
    return 2L * Launches.each(vectors).gridX() * Double.BYTES;
  }

  private static KernelCall square(Kernels kernels, DeviceTable table, DeviceBuffer sums) {
    return kernels
        .kernel("optimizers", "sum_of_squares")
        .call(table.buffer(), table.allVectors(), sums);
  }

  private int blocks(DeviceTable table) {
    return Launches.each(table.allVectors()).gridX();
  }

  int blocks() {
    return blocks;
  }

  DeviceBuffer ofUsers() {
    return ofUsers;
  }

  DeviceBuffer ofItems() {
    return ofItems;
  }

  /** Makes the sums those of the weights before the first batch, if the optimizer leaves them. */
  void begin(Stream stream) {
    if (leftByOptimizer && !fresh) {
      square(stream);
      fresh = true;
    }
  }

  /** Makes the sums those of the weights before any batch, unless the optimizer has left them. */
  void update(Stream stream) {
    if (!leftByOptimizer) {
      square(stream);
    }
  }

  private void square(Stream stream) {
    squareUsers.launch(stream, Launches.each(weights.userFactors().allVectors()));
    squareItems.launch(stream, Launches.each(weights.itemFactors().allVectors()));
  }
}
