package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.model.MfModel;

/** The processor's vector units, on several threads. */
final class VectorBackend implements Backend {
  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String device() {
    return Lanes.SPECIES.vectorBitSize()
        + "-bit vectors, up to "
        + Runtime.getRuntime().availableProcessors()
        + " threads";
  }

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    return VectorSession.open(job);
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return new VectorScorer(model, Runtime.getRuntime().availableProcessors());
  }
}
