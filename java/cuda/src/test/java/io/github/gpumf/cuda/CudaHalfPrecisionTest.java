package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.HalfPrecisionContract;

final class CudaHalfPrecisionTest extends HalfPrecisionContract {
  @Override
  protected Backend backend() {
    return TestBackend.get();
  }
}
