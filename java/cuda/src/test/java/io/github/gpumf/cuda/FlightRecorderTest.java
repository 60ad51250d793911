package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recording shows where a training's time goes. */
final class FlightRecorderTest {
  private static final String EPOCH = "io.github.gpumf.Epoch";
  private static final String COPY = "io.github.gpumf.cuda.Copy";
  private static final String LAUNCH = "io.github.gpumf.cuda.Launch";
  private static final String WAIT = "io.github.gpumf.cuda.Wait";

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }

  @Test
  void epochsCopiesLaunchesAndWaitsAreRecorded(@TempDir Path folder) throws IOException {
    TestBackend.get();
    Ratings ratings = Training.ratings(500, false);
    TrainingOptions options =
        TrainingOptions.builder(new Sgd(0.1)).backend("cuda").batchSize(100).epochs(3).build();
    Path file = folder.resolve("training.jfr");
    TrainingResult result;
    try (Recording recording = new Recording()) {
      for (String name : List.of(EPOCH, COPY, LAUNCH, WAIT)) {
        recording.enable(name).withoutThreshold();
      }
      recording.start();
      result = GpuMf.train(ratings, Mf.biased(4), options);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);

    List<RecordedEvent> epochs = named(events, EPOCH);
    assertEquals(3, epochs.size());
    for (int epoch = 0; epoch < 3; epoch++) {
      RecordedEvent event = epochs.get(epoch);
      assertEquals("cuda", event.getString("backend"));
      assertEquals(epoch + 1, event.getInt("epoch"));
      assertEquals(500, event.getLong("ratings"));
      assertEquals(result.history().get(epoch).loss(), event.getDouble("loss"));
    }

    long toDevice =
        named(events, COPY).stream()
            .filter(event -> event.getString("direction").equals("TO_DEVICE"))
            .mapToLong(event -> event.getLong("bytes"))
            .sum();
    long weights = Float.BYTES * 5L * (Training.USERS + Training.ITEMS);
    long rates = Float.BYTES * 3L * 5; // one for each of 15 batches, which one launch an epoch does
    assertEquals(500 * 12 + weights + rates, toDevice, "ratings and weights go there once");
    assertTrue(
        named(events, COPY).stream()
            .anyMatch(event -> event.getString("direction").equals("TO_HOST")));

    Set<String> kernels =
        named(events, LAUNCH).stream()
            .map(event -> event.getString("kernel"))
            .collect(Collectors.toSet());
    assertTrue(kernels.contains("sgd_batches"), kernels::toString);
    assertTrue(
        named(events, LAUNCH).stream().allMatch(event -> event.getInt("threads") > 0), "threads");
    assertTrue(named(events, WAIT).size() >= 3, "an epoch is waited for");
  }

  /**
   * A graph is one launch; what it holds is launched in the first epoch, and then recorded once.
   */
  @Test
  void graphsAreOneLaunchEach(@TempDir Path folder) throws IOException {
    TestBackend.get();
    Path file = folder.resolve("training.jfr");
    TrainingOptions options =
        TrainingOptions.builder(new Sgd(0.1)).backend("cuda").batchSize(1_000).epochs(3).build();
    try (Recording recording = new Recording()) {
      recording.enable(LAUNCH).withoutThreshold();
      recording.start();
      GpuMf.train(Training.ratings(1_000, false), Mf.biased(64), options);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> launches = named(RecordingFile.readAllEvents(file), LAUNCH);
    assertEquals(2, launches.stream().filter(each -> named(each, "a graph")).count());
    List<RecordedEvent> errors =
        launches.stream().filter(each -> named(each, "batch_errors")).toList();
    assertEquals(
        List.of(false, true), errors.stream().map(each -> each.getBoolean("recorded")).toList());
    assertTrue(
        launches.stream()
            .filter(each -> named(each, "gather_batches"))
            .noneMatch(each -> each.getBoolean("recorded")));
  }

  private static boolean named(RecordedEvent launch, String kernel) {
    return launch.getString("kernel").equals(kernel);
  }

  @Test
  void launchesAreOffUnlessAskedFor(@TempDir Path folder) throws IOException {
    TestBackend.get();
    Path file = folder.resolve("training.jfr");
    try (Recording recording = new Recording()) {
      recording.start();
      GpuMf.train(
          Training.ratings(100, false),
          Mf.biased(4),
          TrainingOptions.builder(new Sgd(0.1)).backend("cuda").epochs(1).build());
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertEquals(List.of(), named(events, LAUNCH));
    assertEquals(1, named(events, EPOCH).size());
  }
}
