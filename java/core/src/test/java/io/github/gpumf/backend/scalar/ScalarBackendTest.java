package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendContract;

final class ScalarBackendTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new ScalarBackend();
  }
}
