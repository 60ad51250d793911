package io.github.gpumf.cuda.driver;

import org.jspecify.annotations.Nullable;

/** What a look for the driver found: the driver, or why there is none. */
public sealed interface DriverProbe {
  /**
   * There is a driver with at least one device.
   *
   * @param driver initialized
   */
  record Found(CudaDriver driver) implements DriverProbe {}

  /**
   * The driver cannot be used here.
   *
   * @param reason what is missing, as a phrase: {@code no NVIDIA driver (libcuda.so.1 not found)}
   * @param remedy what would help, as a phrase
   * @param cause the failure behind it, if there was one
   */
  record Missing(String reason, String remedy, @Nullable Throwable cause) implements DriverProbe {}
}
