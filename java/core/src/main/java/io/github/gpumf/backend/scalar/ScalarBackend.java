package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.HostMemory;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.List;

/** Plain Java on the calling thread. */
final class ScalarBackend implements Backend {
  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String device() {
    return "plain Java, 1 thread";
  }

  /** As asked for: to be compared with, since nothing here gets faster by it. */
  @Override
  public Precision precision(Precision asked) {
    return asked;
  }

  @Override
  public MemoryPlan plan(TrainingShape shape) {
    int factors = shape.spec().factors();
    long weights = shape.numbers(factors) * Float.BYTES;
    int slots = TrainingState.slotNames(shape.optimizer()).size();
    long slot = shape.numbers(TrainingState.slotColumns(shape.optimizer(), factors)) * Float.BYTES;
    boolean perRating = shape.updates() == Updates.PER_RATING;
    int gradients = perRating && shape.optimizer() instanceof AdaGrad ? 2 : 1; // their squares too
    return HostMemory.plan(
        shape,
        List.of(
            new Part("weights", weights),
            new Part("optimizer state", slots * slot),
            new Part("gradients", gradients * weights),
            new Part("batch", perRating ? 0 : (long) shape.largestBatch() * Float.BYTES),
            new Part(
                "ratings in order",
                perRating ? RatingGrid.bytes(shape.ratings(), shape.weighted()) : 0)));
  }

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    return ScalarSession.open(job);
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return new ScalarScorer(model);
  }
}
