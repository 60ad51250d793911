package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.BackendFailedException;
import io.github.gpumf.train.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every call of a training fails once: the error is clear, and nothing is left behind. */
final class FailingTrainingTest {
  /** Fails a call and no more. */
  private static final int OPERATING_SYSTEM = 304;

  private static final Ratings RATINGS = Training.ratings(200, false);
  private static final Mf SPEC = Mf.biased(3);
  private static final TrainingOptions OPTIONS =
      TrainingOptions.builder(new Adam(0.01)).backend("cuda").batchSize(100).epochs(2).build();

  @AfterEach
  void forget() {
    TestDriver.standIn().resetCounts();
  }

  private static @Nullable RuntimeException failureOfTraining(TrainingOptions options) {
    try {
      GpuMf.train(RATINGS, RATINGS, SPEC, options);
      return null;
    } catch (DeviceException | BackendFailedException failure) {
      return failure;
    }
  }

  /** Of the driver, at least one of each kind that a training needs. */
  static List<String> calls() {
    return List.of(
        "cuLaunchKernel",
        "cuStreamSynchronize",
        "cuMemcpyHtoDAsync",
        "cuMemcpyDtoHAsync",
        "cuMemcpy2DAsync",
        "cuMemsetD8Async",
        "cuStreamCreate",
        "cuMemGetInfo");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void aFailingCallIsReported(String call) {
    assertReported(call, OPTIONS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemcpyDtoDAsync",
        "cuStreamBeginCapture",
        "cuStreamEndCapture",
        "cuGraphInstantiateWithFlags",
        "cuGraphLaunch"
      })
  void aFailingCallOfAGraphIsReported(String call) {
    assertReported(call, OPTIONS);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void aFailingCallIsReportedWithAnUpdatePerRating(String call) {
    TrainingOptions perRating =
        OPTIONS.toBuilder().optimizer(new Sgd(0.01)).updates(Updates.PER_RATING).build();
    assertReported(call, perRating);
    assertReported(call, perRating.toBuilder().precision(Precision.HALF).build());
  }

  private static void assertReported(String call, TrainingOptions options) {
    TestBackend.get();
    StandIn standIn = TestDriver.standIn();
    failureOfTraining(options); // kernels are compiled now
    standIn.resetCounts();
    Map<String, Long> before = standIn.alive();
    assertEquals(null, failureOfTraining(options));
    long uses = standIn.calls(call);
    assertTrue(uses > 0, call + " is not used");
    List<Integer> kept = new ArrayList<>();
    for (int use = 1; use <= uses; use++) {
      standIn.resetCounts();
      standIn.failCall(call, use, OPERATING_SYSTEM);
      RuntimeException failure = failureOfTraining(options);
      String which = call + " at its use " + use + " of " + uses;
      assertEquals(before, standIn.alive(), which);
      if (failure == null) {
        continue; // while the session is closed, after the model was fetched
      }
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains(call + " failed"), which + ": " + message);
      assertTrue(message.contains("CUDA_ERROR_OPERATING_SYSTEM"), which + ": " + message);
      if (failure instanceof BackendFailedException late) {
        int epoch = late.lastGoodModel().map(FailingTrainingTest::epochOf).orElse(0);
        assertTrue(epoch == late.epoch() - 1 || epoch == late.epoch(), which + ": " + message);
        kept.add(epoch);
      }
    }
    assertEquals(kept.stream().sorted().toList(), kept, "the later, the more is kept");
  }

  private static int epochOf(io.github.gpumf.model.MfModel model) {
    return Integer.parseInt(model.provenance().getOrDefault("epochs", "-1"));
  }
}
