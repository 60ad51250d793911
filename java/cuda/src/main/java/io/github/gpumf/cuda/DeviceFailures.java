package io.github.gpumf.cuda;

import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.CudaException;
import java.util.function.Supplier;

/**
 * Tells the world outside of this package about failures of the driver, in its own words.
 *
 * @param device that fails
 */
record DeviceFailures(CudaDevice device) {
  /** Does some work on the device. */
  <T> T guard(Supplier<T> work) {
    try {
      return work.get();
    } catch (CudaException failure) {
      throw of(failure);
    }
  }

  DeviceException of(CudaException failure) {
    return new DeviceException(
        "GPU " + device.ordinal() + " (" + device.name() + "): " + failure.problem(),
        failure.remedy(),
        failure);
  }
}
