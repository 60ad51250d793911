package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.fail;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDriver;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import org.junit.jupiter.api.Assumptions;

/** The driver that tests run on. */
final class TestGpu {
  private TestGpu() {}

  /** With -Dgpumf.require=cuda a missing driver fails; otherwise the test is left out. */
  static CudaDriver requireDriver() {
    return switch (CudaDrivers.preferred()) {
      case Found found -> found.driver();
      case Missing missing -> {
        if (System.getProperty("gpumf.require", "").contains("cuda")) {
          fail(missing.reason() + ". -Dgpumf.require=cuda asks for a driver");
        }
        Assumptions.abort("left out, there is no CUDA driver: " + missing.reason());
        throw new AssertionError("not reached");
      }
    };
  }

  static CudaContext open() {
    return CudaContext.open(requireDriver(), 0);
  }
}
