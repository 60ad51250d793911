package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendContract;

final class VectorBackendTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new VectorBackend();
  }
}
