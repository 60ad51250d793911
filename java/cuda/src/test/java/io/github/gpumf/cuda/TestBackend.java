package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.TestDriver;

/** The backend as users get it, by name. */
final class TestBackend {
  private TestBackend() {}

  static Backend get() {
    TestDriver.of(CudaDrivers.preferred()); // fails, or leaves the test out, without a driver
    return Backends.select("cuda").backend();
  }
}
