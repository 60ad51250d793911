package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.ScorerContract;
import io.github.gpumf.model.MfModel;

/** Without cuBLAS. */
final class OwnKernelScorerTest extends ScorerContract {
  @Override
  protected Scorer open(MfModel model) {
    return ScorerOn.JCUDA_AND_OWN_KERNEL.open(model);
  }
}
