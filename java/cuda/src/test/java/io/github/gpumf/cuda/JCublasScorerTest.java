package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

/** With cuBLAS through JCublas2. */
final class JCublasScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return ScorerOn.JCUDA_AND_JCUBLAS.open(model);
  }
}
