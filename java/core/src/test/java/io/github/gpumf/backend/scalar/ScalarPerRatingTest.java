package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.PerRatingContract;

final class ScalarPerRatingTest extends PerRatingContract {
  @Override
  protected Backend backend() {
    return new ScalarBackend();
  }
}
