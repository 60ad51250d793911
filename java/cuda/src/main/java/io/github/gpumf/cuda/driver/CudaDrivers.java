package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.io.IOException;

/**
 * The driver of this machine, looked for once through each binding. A look never throws: what is
 * missing is a value.
 *
 * <p>Safe for any number of threads.
 */
public final class CudaDrivers {
  /** CUDA 11.4, the first whose graphs are made with the call that newer drivers have too. */
  static final int OLDEST_VERSION = 11_040;

  private CudaDrivers() {}

  /** Loads the driver; fails with an error if it cannot. */
  @FunctionalInterface
  interface Binding {
    CudaDriver load() throws IOException;
  }

  private static final class JCuda {
    static final DriverProbe PROBE = probe(JCudaBinding::load);
  }

  private static final class Foreign {
    static final DriverProbe PROBE = probe(ForeignBinding::load);
  }

  /**
   * The driver through JCuda; where JCuda has no library for the platform or cannot load it,
   * through {@code java.lang.foreign}.
   *
   * @return the driver, or why there is none
   */
  public static DriverProbe preferred() {
    return jcuda() instanceof Found found ? found : foreign();
  }

  /**
   * The driver through JCuda.
   *
   * @return the driver, or why there is none
   */
  public static DriverProbe jcuda() {
    return JCuda.PROBE;
  }

  /**
   * The driver through {@code java.lang.foreign}, with no other native code.
   *
   * @return the driver, or why there is none
   */
  public static DriverProbe foreign() {
    return Foreign.PROBE;
  }

  /**
   * Through what a driver is called, for people.
   *
   * @param driver from here
   * @return a phrase
   */
  public static String describe(CudaDriver driver) {
    return driver.binding().equals(JCudaBinding.NAME)
        ? "JCuda " + JCudaNatives.version()
        : "java.lang.foreign";
  }

  static DriverProbe probe(Binding binding) {
    try {
      // Both bindings need it, and neither says in one phrase that it is not there.
      DriverLibrary.load();
    } catch (IllegalArgumentException notFound) {
      return new Missing(
          "no NVIDIA driver (" + DriverLibrary.NAME + " not found)",
          "install the NVIDIA driver; in a container start it with --gpus all",
          notFound);
    }
    try {
      return check(binding.load());
    } catch (IOException failure) {
      return new Missing(
          "JCuda's library cannot be loaded (" + failure.getMessage() + ")",
          "name a folder that only this user can write to with -D" + JCudaNatives.FOLDER_PROPERTY,
          failure);
    } catch (LinkageError failure) {
      return new Missing(
          "the NVIDIA driver does not link (" + firstLine(failure) + ")",
          "update the NVIDIA driver",
          failure);
    } catch (CudaException failure) {
      return new Missing(
          failure.call() + " failed: " + failure.errorName() + ", " + failure.meaning(),
          failure.remedy(),
          failure);
    }
  }

  private static DriverProbe check(CudaDriver driver) {
    driver.cuInit();
    int version = driver.cuDriverGetVersion();
    if (version < OLDEST_VERSION) {
      return new Missing(
          "the NVIDIA driver supports CUDA " + text(version) + " and no newer",
          "update it to one for CUDA " + text(OLDEST_VERSION) + " or newer",
          null);
    }
    if (driver.cuDeviceGetCount() == 0) {
      return new Missing(
          "the NVIDIA driver sees no GPU", "check nvidia-smi and CUDA_VISIBLE_DEVICES", null);
    }
    return new Found(driver);
  }

  /**
   * A version for people.
   *
   * @param version as the driver gives it: 12060
   * @return {@code 12.6}
   */
  public static String text(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** JCuda's errors carry two stack traces in their message. */
  private static String firstLine(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return message.lines().findFirst().orElse(message);
  }
}
