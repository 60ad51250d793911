package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

final class CudaScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return TestBackend.get().openScorer(model);
  }
}
