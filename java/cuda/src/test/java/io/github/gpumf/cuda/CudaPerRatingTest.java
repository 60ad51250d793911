package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.PerRatingContract;

final class CudaPerRatingTest extends PerRatingContract {
  @Override
  protected Backend backend() {
    return TestBackend.get();
  }
}
