package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The driver that tests run on: the stand-in, or with -Dgpumf.driver=system a real one. */
public final class TestDriver {
  /** saxpy, nothing and reverseBlocks. */
  static final String PTX = ptx();

  private TestDriver() {}

  /** With -Dgpumf.require=cuda a missing driver fails; otherwise the test is left out. */
  public static CudaDriver of(DriverProbe probe) {
    return switch (probe) {
      case Found found -> {
        StandIn.find().ifPresent(TestDriver::loadKernels);
        yield found.driver();
      }
      case Missing missing -> leaveOut(missing.reason() + "; " + missing.remedy());
    };
  }

  private static CudaDriver leaveOut(String reason) {
    requireOrLeaveOut("there is no CUDA driver to test with: " + reason);
    throw new AssertionError("not reached");
  }

  /** The control of the stand-in; a test that needs it is left out on a real driver. */
  public static StandIn standIn() {
    return StandIn.find()
        .orElseGet(
            () -> {
              Assumptions.abort("left out, it needs the stand-in driver and this one is real");
              throw new AssertionError("not reached");
            });
  }

  private static void requireOrLeaveOut(String message) {
    if (System.getProperty("gpumf.require", "").contains("cuda")) {
      fail(message + ". -Dgpumf.require=cuda asks for one");
    }
    Assumptions.abort(
        "left out, " + message + ". The stand-in driver is built where there is Linux with g++");
  }

  /** Those of the driver's own tests; where the tests run without a clone there are none. */
  private static void loadKernels(StandIn standIn) {
    Path root = Path.of(System.getProperty("gpumf.root", ""));
    Path kernels = root.resolve("kernels/target/emulator/libtest_kernels.so");
    if (Files.exists(kernels)) {
      standIn.loadKernels(kernels);
    }
  }

  private static String ptx() {
    try (InputStream in = TestDriver.class.getResourceAsStream("few.ptx")) {
      assertNotNull(in);
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }
}
