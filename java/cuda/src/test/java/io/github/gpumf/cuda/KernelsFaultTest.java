package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.cuda.driver.TestDriver;
import org.junit.jupiter.api.Test;

/** Closing the kernels closes those of every file, whatever fails. */
final class KernelsFaultTest {
  /** Fails a call and no more. */
  private static final int OPERATING_SYSTEM = 304;

  private static final String ASTRAY = "optimizers";

  private static Kernels ofThreeFiles(CudaContext context) {
    Kernels kernels = new Kernels(context);
    kernels.kernel("top_items", "select_items");
    kernels.kernel("totals", "sum_partials");
    kernels.kernel(ASTRAY, "find_not_finite");
    return kernels;
  }

  private static CudaContext open() {
    return CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
  }

  @Test
  void closesWhatIsLeftAfterAFailure() {
    StandIn standIn = TestDriver.standIn();
    CudaContext stays = open(); // so that what leaks does not go with the other use
    try (CudaContext context = open()) {
      Kernels kernels = ofThreeFiles(context);
      standIn.resetCounts();
      standIn.failCall("cuModuleUnload", 1, OPERATING_SYSTEM);
      CudaException failure = assertThrows(CudaException.class, kernels::close);
      assertEquals("cuModuleUnload", failure.call());
      assertEquals(0, failure.getSuppressed().length);
      assertEquals(3, standIn.calls("cuModuleUnload"));
      assertEquals(1, standIn.count("modules"), "which the driver has not taken back");
      kernels.close();
    }
    stays.close();
  }

  @Test
  void tellsOfEveryFailure() {
    StandIn standIn = TestDriver.standIn();
    CudaContext stays = open(); // so that what leaks does not go with the other use
    long before = standIn.count("modules");
    try (CudaContext context = open()) {
      Kernels kernels = ofThreeFiles(context);
      assertThrows(CudaException.class, () -> loseTheDevice(context, kernels));
      CudaException failure = assertThrows(CudaException.class, kernels::close);
      assertEquals("cuModuleUnload", failure.call());
      assertEquals(2, failure.getSuppressed().length);
      for (Throwable other : failure.getSuppressed()) {
        assertEquals("cuModuleUnload", assertInstanceOf(CudaException.class, other).call());
      }
      assertEquals(before, standIn.count("modules"));
      kernels.close();
    }
    stays.close();
  }

  /** Makes a kernel reach beyond its buffer. */
  private static void loseTheDevice(CudaContext context, Kernels kernels) {
    try (Stream stream = context.newStream();
        DeviceBuffer small = context.allocate(64);
        DeviceBuffer found = context.allocate(4)) {
      small.clear(stream);
      kernels
          .kernel(ASTRAY, "find_not_finite")
          .call(small, 1000L, found)
          .launch(stream, LaunchShape.of(1, 32));
      stream.synchronize();
    }
  }
}
