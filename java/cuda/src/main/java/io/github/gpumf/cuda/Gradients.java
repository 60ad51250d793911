package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of a batch ({@code gradients.cu}), both sides in one launch. A row's ratings are
 * summed up in pieces, for a popular item would hold up its batch otherwise; a second launch adds
 * up the pieces of rows that have several.
 */
final class Gradients {
  /** Users and items. */
  private static final int SIDES = 2;

  private final DeviceBuffer userCarried;
  private final DeviceBuffer itemCarried;
  private final BatchCall pieces;

  /** Null if no row of a batch has several pieces. */
  private final @Nullable BatchCall sums;

  /**
   * Prepares the launches.
   *
   * @param slopes of the window's positions
   * @param stop as in rows.cuh
   */
  Gradients(
      TrainingJob job,
      TrainedWeights trained,
      Window window,
      DeviceBuffer slopes,
      Kernels kernels,
      Launches launches,
      DeviceBuffer stop,
      DeviceArena arena) {
    int vectors = trained.weights().userFactors().vectors();
    int group = Launches.group(vectors);
    long bytes = BatchLayout.bytesOfCarried(window.batchSize(), vectors);
    userCarried = arena.allocate(bytes);
    itemCarried = arena.allocate(bytes);
    DeviceWeights weights = trained.weights();
    DeviceWeights gradients = trained.gradients();
    List<Object> arguments = new ArrayList<>(List.of(stop, Arguments.NULL));
    arguments.addAll(
        side(
            window.users(),
            weights.userFactors(),
            weights.userBias(),
            gradients.userFactors(),
            gradients.userBias(),
            userCarried));
    arguments.addAll(
        side(
            window.items(),
            weights.itemFactors(),
            weights.itemBias(),
            gradients.itemFactors(),
            gradients.itemBias(),
            itemCarried));
    arguments.addAll(
        List.of(
            slopes,
            vectors,
            group,
            Arguments.orNull(weights.dense()),
            (float) job.spec().regularization(),
            (float) job.spec().biasRegularization()));
    LaunchShape positions = launches.positions(window.batchSize(), group);
    pieces = call("gradient_rows", arguments, positions, kernels);
    int carried = BatchLayout.carried(window.batchSize());
    sums =
        carried == 0
            ? null
            : call("gradient_sums", arguments, launches.groups(carried, group), kernels);
  }

  private static List<Object> side(
      Window.Side side,
      DeviceTable factors,
      @Nullable DeviceTable bias,
      DeviceTable gradient,
      @Nullable DeviceTable biasGradient,
      DeviceBuffer carried) {
    return List.of(
        side.sortedRows(),
        side.sortedPositions(),
        side.rowAt(),
        factors.buffer(),
        Arguments.orNull(bias),
        gradient.buffer(),
        Arguments.orNull(biasGradient),
        carried);
  }

  private static BatchCall call(
      String kernel, List<Object> arguments, LaunchShape shape, Kernels kernels) {
    return new BatchCall(
        kernels.kernel("gradients", kernel).call(arguments.toArray()), shape.withGridY(SIDES));
  }

  /** Device memory of the pieces that are added up later. */
  static long bytes(TrainingShape shape) {
    int vectors = DeviceTable.vectors(shape.spec().factors());
    return SIDES * BatchLayout.bytesOfCarried(shape.largestBatch(), vectors);
  }

  /** Users' pieces that are added up later. */
  DeviceBuffer userCarried() {
    return userCarried;
  }

  /** Items' pieces that are added up later. */
  DeviceBuffer itemCarried() {
    return itemCarried;
  }

  /** Launches them, once the slopes of a batch are there, which is on the device. */
  void launch(Stream stream, DeviceMemory batch) {
    pieces.launch(stream, batch);
    if (sums != null) {
      sums.launch(stream, batch);
    }
  }
}
