package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

final class ScalarScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return new ScalarScorer(model);
  }
}
