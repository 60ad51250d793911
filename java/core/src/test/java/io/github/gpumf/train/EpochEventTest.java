package io.github.gpumf.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.model.Mf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EpochEventTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void everyEpochIsRecorded(String backend) throws IOException {
    TrainingResult result;
    List<RecordedEvent> events;
    try (Recording recording = new Recording()) {
      recording.start();
      result = train(Trainings.options(Trainings.CONSTANT).backend(backend).epochs(3).build());
      events = end(recording);
    }
    assertEquals(List.of(1, 2, 3), epochs(events));
    for (RecordedEvent event : events) {
      assertEquals(backend, event.getString("backend"));
      assertEquals(Trainings.RATINGS.size(), event.getLong("ratings"));
      EpochReport report = result.history().get(event.getInt("epoch") - 1);
      assertEquals(report.loss(), event.getDouble("loss"));
      assertEquals(report.trainingRmse(), event.getDouble("trainingRmse"));
      assertEquals(report.seconds(), event.getDouble("seconds"));
    }
  }

  @Test
  void aRecordingThatBeginsLaterHasTheNextEpochs() throws IOException {
    try (Recording recording = new Recording()) {
      TrainingListener starter = Trainings.atEndOf(2, recording::start);
      train(Trainings.options(Trainings.CONSTANT).epochs(4).listener(starter).build());
      assertEquals(List.of(3, 4), epochs(end(recording)));
    }
  }

  private static TrainingResult train(TrainingOptions options) {
    return Trainings.train(null, Mf.biased(4), options);
  }

  /** Ends a recording; returns its epochs. */
  private List<RecordedEvent> end(Recording recording) throws IOException {
    recording.stop();
    Path file = folder.resolve("training.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(EpochEvent.NAME))
        .toList();
  }

  private static List<Integer> epochs(List<RecordedEvent> events) {
    return events.stream().map(event -> event.getInt("epoch")).toList();
  }
}
