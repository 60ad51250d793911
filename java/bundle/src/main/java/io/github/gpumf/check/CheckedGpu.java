package io.github.gpumf.check;

import io.github.gpumf.cuda.Gpus;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.CudaDriver;
import java.util.Optional;

/**
 * The GPU that is checked: one that is asked for as a training asks for it, or the one that a
 * training takes.
 *
 * @param driver that shows it
 * @param device what it is
 */
record CheckedGpu(CudaDriver driver, CudaDevice device) {
  private static final String BACKEND = "cuda";
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  /**
   * Whether this is a backend on a GPU.
   *
   * @param backend as {@code train} takes it
   */
  static boolean isGpu(String backend) {
    return backend.equals(BACKEND) || backend.startsWith(BACKEND + ":");
  }

  /**
   * Finds it.
   *
   * @param backend {@code cuda}, or with a number or UUID: {@code cuda:1}
   * @return nothing if none was asked for, and all are too old
   * @throws io.github.gpumf.backend.BackendUnavailableException if the one asked for is not there
   */
  static Optional<CheckedGpu> find(CudaDriver driver, String backend) {
    Gpus gpus = new Gpus(driver);
    Optional<CudaDevice> device =
        backend.equals(BACKEND)
            ? gpus.first()
            : Optional.of(gpus.find(backend.substring(BACKEND.length() + 1)));
    return device.map(found -> new CheckedGpu(driver, found));
  }

  /** Its name as a backend. */
  String backend() {
    return BACKEND + ":" + device.ordinal();
  }

  CudaContext open() {
    return CudaContext.open(driver, device.ordinal());
  }

  /** Makes it the first GPU of a process to come, which is the one that tests and PyTorch take. */
  void makeFirst(ProcessBuilder process) {
    if (device.ordinal() != 0) {
      process.environment().put(VISIBLE, device.id());
    }
  }
}
