package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendContract;

final class CudaBackendTest extends BackendContract {
  @Override
  protected Backend backend() {
    return TestBackend.get();
  }
}
