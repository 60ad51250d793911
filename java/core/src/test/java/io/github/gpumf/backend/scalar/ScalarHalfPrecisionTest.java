package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.HalfPrecisionContract;

final class ScalarHalfPrecisionTest extends HalfPrecisionContract {
  @Override
  protected Backend backend() {
    return new ScalarBackend();
  }
}
