package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DriverProbe;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import org.junit.jupiter.api.Assumptions;

/** Whether tests may go without a driver. */
final class StandIn {
  private StandIn() {}

  /** What was found; a failure, or a test left out, if there is no driver. */
  static DriverProbe required(DriverProbe probe) {
    if (probe instanceof Missing missing) {
      String message = "left out: " + missing.reason() + "; " + missing.remedy();
      if ("cuda".equals(System.getProperty("gpumf.require"))) {
        throw new AssertionError(message, missing.cause());
      }
      Assumptions.abort(message);
    }
    return probe;
  }
}
