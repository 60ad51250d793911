package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

/** With driver and cuBLAS through {@code java.lang.foreign}. */
final class ForeignCublasScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return ScorerOn.FOREIGN_AND_FOREIGN_CUBLAS.open(model);
  }
}
