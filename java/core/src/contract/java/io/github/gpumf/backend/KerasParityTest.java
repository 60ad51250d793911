package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.model.Weights;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every backend follows every trace of TensorFlow in the folder given by {@code -Dgpumf.golden=DIR}
 * (relative to the root of the project), or in the test resources. The backends are those that
 * {@code -Dgpumf.backends} names, the ones on the CPU by default; one that is not available fails.
 *
 * <p>The tolerances are those of the traces' README: independent correct implementations in float
 * and double differ by up to 2.5e-7 after 10 steps, 1.8e-6 after about 110 and 3.8e-6 after 300 to
 * 600, mostly because TensorFlow's own kernels round {@code 1 - beta2} differently.
 */
final class KerasParityTest {
  static List<Arguments> tracesAndBackends() throws IOException {
    List<KerasTrace> traces = traces();
    assertFalse(traces.isEmpty(), "there is no trace (*.json) in " + folder());
    List<String> backends =
        List.of(System.getProperty("gpumf.backends", "scalar,vector").split(","));
    return traces.stream()
        .flatMap(trace -> backends.stream().map(name -> Arguments.of(trace, name)))
        .toList();
  }

  private static List<KerasTrace> traces() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      List<Path> sorted = files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      List<KerasTrace> traces = new java.util.ArrayList<>();
      for (Path file : sorted) {
        traces.add(KerasTrace.read(file));
      }
      return traces;
    }
  }

  private static Path folder() {
    String given = System.getProperty("gpumf.golden");
    if (given != null) {
      return Path.of(System.getProperty("gpumf.root", "")).resolve(given);
    }
    try {
      return Path.of(Objects.requireNonNull(KerasParityTest.class.getResource("/golden")).toURI());
    } catch (URISyntaxException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("tracesAndBackends")
  void followsTensorFlow(KerasTrace trace, String backend) {
    TrainingJob job = trace.job(2);
    Map<Integer, JsonNode> checkpoints = new HashMap<>();
    trace.json().path("checkpoints").forEach(c -> checkpoints.put(c.path("step").asInt(), c));
    assertFalse(checkpoints.isEmpty(), "a trace without checkpoints proves nothing");
    JsonNode stepLoss = trace.json().path("stepLoss");
    assertEquals(job.batchesPerEpoch() * trace.epochs(), stepLoss.size());
    int reached = 0;
    try (TrainingSession session = Backends.select(backend).backend().openTraining(job)) {
      int step = 0;
      for (int epoch = 0; epoch < trace.epochs(); epoch++) {
        EpochTotals before = EpochTotals.NONE;
        for (long batch = 0; batch < job.batchesPerEpoch(); batch++) {
          EpochTotals now = session.run(epoch, batch, batch + 1);
          step++;
          double expected = stepLoss.get(step - 1).asDouble();
          assertEquals(
              expected,
              (now.loss() - before.loss()) / (now.ratings() - before.ratings()),
              Math.abs(expected) * lossTolerance(step),
              () -> "loss of a step of epoch " + trace.name());
          before = now;
          JsonNode checkpoint = checkpoints.get(step);
          if (checkpoint != null) {
            reached++;
            assertWeights(
                trace.weights(checkpoint.path("weights")), session.weights(Slot.CURRENT), step);
          }
        }
        double expected = trace.json().path("epochLoss").get(epoch).asDouble();
        assertEquals(
            expected, before.loss() / before.ratings(), Math.abs(expected) * lossTolerance(step));
      }
    }
    assertEquals(checkpoints.size(), reached, "every checkpoint was compared");
  }

  private static double lossTolerance(int step) {
    return step <= 110 ? 2e-5 : 2e-4;
  }

  private static void assertWeights(Weights expected, Weights actual, int step) {
    double tolerance = step <= 10 ? 5e-7 : step <= 110 ? 5e-6 : 1e-5;
    double difference = WeightsAssert.largestDifference(expected, actual);
    assertTrue(
        difference <= tolerance,
        () -> "step " + step + ": weights differ by " + difference + ", more than " + tolerance);
  }
}
