package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.BackendProvider;

/** The scalar backend can run wherever Java runs. */
public final class ScalarBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ScalarBackendProvider() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Availability probe() {
    return new Availability.Available(new ScalarBackend());
  }
}
