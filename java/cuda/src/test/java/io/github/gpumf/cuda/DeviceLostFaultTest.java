package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.train.BackendFailedException;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingListener;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A device that is lost in the middle of a training. In a JVM of its own: it loses it for good. */
final class DeviceLostFaultTest {
  private static final Ratings RATINGS = Training.ratings(600, false);
  private static final Mf SPEC = Mf.biased(6);

  private static TrainingOptions.Builder options() {
    return TrainingOptions.builder(new LazyAdam(0.01)).backend("cuda").batchSize(50).epochs(5);
  }

  /** Makes a kernel reach beyond its buffer, in the context that everybody shares. */
  private static void loseTheDevice() {
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
        Kernels kernels = new Kernels(context);
        Stream stream = context.newStream();
        DeviceBuffer small = context.allocate(64);
        DeviceBuffer found = context.allocate(4)) {
      small.clear(stream);
      kernels
          .kernel("optimizers", "find_not_finite")
          .call(small, 1000L, found)
          .launch(stream, LaunchShape.of(1, 32));
      stream.synchronize();
    }
  }

  @Test
  void theModelOfTheLastFinishedEpochIsKept() {
    Backend backend = TestBackend.get();
    StandIn standIn = TestDriver.standIn();
    MfModel expected = GpuMf.train(RATINGS, SPEC, options().epochs(2).build()).model();
    Map<String, Long> before = standIn.alive();
    TrainingListener losing =
        new TrainingListener() {
          @Override
          public void epochEnded(EpochReport report) {
            if (report.epoch() == 2) {
              assertThrows(
                  io.github.gpumf.cuda.driver.CudaException.class,
                  DeviceLostFaultTest::loseTheDevice);
            }
          }
        };
    BackendFailedException failure =
        assertThrows(
            BackendFailedException.class,
            () -> GpuMf.train(RATINGS, SPEC, options().listener(losing).build()));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.startsWith("backend cuda failed in epoch 3: GPU 0 ("), message);
    assertTrue(message.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), message);
    assertTrue(message.contains("restart the process"), message);
    assertTrue(message.endsWith("; the model of epoch 2 is kept"), message);
    assertEquals(3, failure.epoch());
    assertSameBits(
        expected.weights(), failure.lastGoodModel().orElseThrow().weights(), "last good");
    assertEquals(before, standIn.alive());

    // The device stays lost: by name it fails, auto goes on without it.
    assertThrows(DeviceException.class, () -> GpuMf.train(RATINGS, SPEC, options().build()));
    TrainingResult onProcessor =
        GpuMf.train(RATINGS, SPEC, options().epochs(1).backend("auto").build());
    assertTrue(onProcessor.backend().startsWith("cuda: warning, passed over, GPU 0"));
    assertTrue(onProcessor.backend().contains("CUDA_ERROR_ILLEGAL_ADDRESS"));
    assertThrows(DeviceException.class, () -> backend.openScorer(expected));
    assertEquals(before, standIn.alive());
  }
}
