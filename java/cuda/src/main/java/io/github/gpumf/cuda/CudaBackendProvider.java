package io.github.gpumf.cuda;

import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.backend.BackendProvider;
import io.github.gpumf.cuda.driver.CudaDriver;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;

/** The GPU can be used where there is an NVIDIA driver, and a device of compute capability 7.0. */
public final class CudaBackendProvider implements BackendProvider {
  static final String NAME = "cuda";

  /** For {@link java.util.ServiceLoader}. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 300;
  }

  @Override
  public Availability probe() {
    return switch (CudaDrivers.preferred()) {
      case Missing missing -> new Unavailable(missing.reason(), missing.remedy(), missing.cause());
      case Found found -> probe(found.driver());
    };
  }

  private static Availability probe(CudaDriver driver) {
    try {
      Gpus gpus = new Gpus(driver);
      return gpus.first()
          .<Availability>map(device -> new Available(gpus.backend(device)))
          .orElseGet(() -> new Unavailable(Gpus.tooOld(gpus.all().getFirst()), Gpus.NEEDED, null));
    } catch (CudaException failure) {
      return new Unavailable(failure.problem(), failure.remedy(), failure);
    }
  }
}
