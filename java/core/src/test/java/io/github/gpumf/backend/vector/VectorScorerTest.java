package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

final class VectorScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return new VectorScorer(model, 2);
  }
}
