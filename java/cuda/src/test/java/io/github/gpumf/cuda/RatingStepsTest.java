package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The kernels of an update per rating are compiled while the ratings are uploaded. */
final class RatingStepsTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int NO_BINARY_FOR_GPU = 209;

  private final CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
  private final StandIn standIn = TestDriver.standIn();

  @AfterEach
  void close() {
    standIn.resetCounts();
    context.close();
  }

  /**
   * Prepares a training's steps, and frees them; fails as that does.
   *
   * @param before what happens right before
   */
  private void prepare(Kernels kernels, Runnable before) {
    TrainingJob job = Jobs.perRating(Training.ratings(500, false), Mf.biased(5), new Sgd(0.1));
    try (DeviceArena arena = new DeviceArena(context)) {
      DeviceWeights weights = DeviceWeights.zeros(job.start().weights(), job.precision(), arena);
      DeviceTotals totals = new DeviceTotals(arena);
      standIn.resetCounts();
      before.run();
      new RatingSteps(job, weights, List.of(), totals, kernels, arena);
    }
  }

  @Test
  void theyAreCompiledAlsoIfTheUploadFails() {
    Map<String, Long> before = standIn.alive();
    try (Kernels kernels = new Kernels(context)) {
      CudaException failure =
          assertThrows(
              CudaException.class,
              () -> prepare(kernels, () -> standIn.failCall("cuMemAlloc", 1, OUT_OF_MEMORY)));
      assertTrue(failure.isOutOfMemory(), failure::toString);
      // By now, for the upload has waited for them, and for the next training.
      assertEquals(1, standIn.calls("cuModuleLoadDataEx"));
      prepare(kernels, () -> {});
      assertEquals(1, standIn.calls("cuModuleLoadDataEx"), "that of the totals");
    }
    assertEquals(before, standIn.alive());
  }

  @Test
  void aFailureToCompileIsReportedAndNothingIsLeft() {
    Map<String, Long> before = standIn.alive();
    try (Kernels kernels = new Kernels(context)) {
      CudaException failure =
          assertThrows(
              CudaException.class,
              () ->
                  prepare(
                      kernels, () -> standIn.failCall("cuModuleLoadDataEx", 1, NO_BINARY_FOR_GPU)));
      assertEquals("cuModuleLoadDataEx", failure.call());
      assertEquals(before, standIn.alive());
      prepare(kernels, () -> {});
      assertEquals(2, standIn.calls("cuModuleLoadDataEx"), "both files");
    }
    assertEquals(before, standIn.alive());
  }

  @Test
  void anInterruptIsKeptForTheTraining() {
    try (Kernels kernels = new Kernels(context)) {
      prepare(kernels, Thread.currentThread()::interrupt);
      assertTrue(Thread.interrupted());
    }
  }
}
