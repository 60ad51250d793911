package io.github.gpumf.cuda;

import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * The device memory of a {@link CudaSession}, to the byte: each part is counted by the class that
 * allocates it. What the driver keeps for graphs is not counted: {@link StepGraphs} do without
 * where there is none left.
 */
final class DevicePlan {
  private DevicePlan() {}

  /**
   * The parts.
   *
   * @param free bytes of the device: ratings that do not fit stream
   */
  static List<Part> parts(TrainingShape shape, Launches launches, long free) {
    return switch (shape.updates()) {
      case PER_BATCH -> partsOfBatches(shape, launches, free);
      case PER_RATING -> partsOfRatings(shape, launches);
    };
  }

  private static List<Part> partsOfRatings(TrainingShape shape, Launches launches) {
    UpdateRule rule = UpdateRule.of(shape.optimizer());
    long weights = weights(shape, shape.precision());
    return List.of(
        new Part("ratings in order", DeviceGrid.bytes(shape)),
        new Part("weights", weights),
        new Part("optimizer state", rule.slots() * slot(shape, rule.byRow())),
        new Part("sums", CudaSession.BYTES_OF_TOTALS + RatingSteps.bytesOfSums(shape)),
        new Part("weights of the best epoch", shape.keepsBest() ? weights : 0),
        new Part("held-out ratings", HeldOutErrors.bytes(shape, launches)));
  }

  private static List<Part> partsOfBatches(TrainingShape shape, Launches launches, long free) {
    RatingsMemory ratings = RatingsMemory.of(shape, launches, free);
    List<Part> parts = new ArrayList<>(List.of(ratings.part(shape)));
    parts.addAll(besideRatings(shape, launches, ratings.positions()));
    return parts;
  }

  /** All but the ratings, with windows of so many positions. */
  static long bytesBesideRatings(TrainingShape shape, Launches launches, int positions) {
    return besideRatings(shape, launches, positions).stream().mapToLong(Part::bytes).sum();
  }

  private static List<Part> besideRatings(TrainingShape shape, Launches launches, int positions) {
    UpdateRule rule = UpdateRule.of(shape.optimizer());
    long weights = weights(shape, shape.precision());
    return List.of(
        new Part("weights", weights),
        new Part("optimizer state", rule.slots() * slot(shape, rule.byRow())),
        new Part("gradients", weights),
        new Part("rows that rest", RestingRows.bytes(shape)),
        new Part(
            "window of batches",
            Window.bytes(shape, positions) + BatchStep.bytes(shape, positions)),
        new Part("sums", sums(shape, launches)),
        new Part("weights of the best epoch", shape.keepsBest() ? weights : 0),
        new Part("held-out ratings", HeldOutErrors.bytes(shape, launches)));
  }

  /** As {@link DeviceWeights#zeros} allocates. */
  private static long weights(TrainingShape shape, Precision precision) {
    int k = shape.spec().factors();
    return DeviceTable.bytesOfRows(shape.users(), k, precision)
        + DeviceTable.bytesOfRows(shape.items(), k, precision)
        + besideFactors(shape);
  }

  /** Numbers of the optimizer: floats, or as {@link DeviceWeights#zerosByRow} allocates. */
  private static long slot(TrainingShape shape, boolean byRow) {
    return byRow ? columns(shape) + besideFactors(shape) : weights(shape, Precision.SINGLE);
  }

  private static long besideFactors(TrainingShape shape) {
    return shape.spec().head() == Mf.Head.DENSE
        ? DeviceTable.bytesOfRows(1, 2, Precision.SINGLE)
        : columns(shape);
  }

  private static long columns(TrainingShape shape) {
    return DeviceTable.bytesOfColumn(shape.users()) + DeviceTable.bytesOfColumn(shape.items());
  }

  private static long sums(TrainingShape shape, Launches launches) {
    return CudaSession.BYTES_OF_TOTALS
        + BatchStep.bytesOfPartials(shape, launches)
        + Gradients.bytes(shape)
        + (shape.spec().l2() > 0 ? L2Penalty.bytes(shape) : 0);
  }
}
