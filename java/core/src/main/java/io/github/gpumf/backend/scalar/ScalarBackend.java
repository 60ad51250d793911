package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.model.MfModel;

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

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    return ScalarSession.open(job);
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return new ScalarScorer(model);
  }
}
