package io.github.gpumf.train;

import static io.github.gpumf.train.Trainings.CONSTANT;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.VALIDATION;
import static io.github.gpumf.train.Trainings.atEndOf;
import static io.github.gpumf.train.Trainings.rmse;
import static io.github.gpumf.train.Trainings.train;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What listeners hear of a training. */
final class TrainingListenerTest {
  /** Writes down what it hears. */
  private record Recorder(String name, List<String> calls) implements TrainingListener {
    @Override
    public void started(Start start) {
      calls.add(
          name + " start " + start.firstEpoch() + ".." + start.lastEpoch() + " " + start.ratings());
    }

    @Override
    public void progressed(int epoch, long ratings) {
      calls.add(name + " progress " + epoch + " " + ratings);
    }

    @Override
    public void epochEnded(EpochReport report) {
      calls.add(name + " end " + report.epoch());
    }
  }

  @Test
  void listenersAreCalledInOrder() {
    List<String> calls = new ArrayList<>();
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .epochs(2)
            .batchSize(103) // One batch an epoch is one call.
            .listener(new Recorder("a", calls))
            .listener(new Recorder("b", calls))
            .build();
    train(VALIDATION, Mf.basic(3), options);
    List<String> expected = new ArrayList<>();
    for (String event :
        List.of("start 1..2 103", "progress 1 103", "end 1", "progress 2 103", "end 2")) {
      expected.add("a " + event);
      expected.add("b " + event);
    }
    assertEquals(expected, calls);
  }

  @Test
  void progressRisesToTheRatingsOfTheEpoch() {
    List<String> calls = new ArrayList<>();
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .epochs(2)
            .batchSize(10)
            .listener(new Recorder("a", calls))
            .build();
    train(null, Mf.basic(3), options);
    for (int epoch = 1; epoch <= 2; epoch++) {
      String prefix = "a progress " + epoch + " ";
      List<Long> done =
          calls.stream()
              .filter(call -> call.startsWith(prefix))
              .map(call -> Long.parseLong(call, prefix.length(), call.length(), 10))
              .toList();
      assertEquals(done.stream().sorted().distinct().toList(), done);
      assertEquals(103, done.getLast());
      assertTrue(epoch > 1 || done.getFirst() == 10, "the first call is one batch");
    }
  }

  @Test
  void reportsAreTheHistoryAndItsNumbersAreRight() {
    List<EpochReport> heard = new ArrayList<>();
    List<TrainingListener.Start> starts = new ArrayList<>();
    LearningRate schedule = LearningRate.cosine(0.05, 4).withWarmUp(1);
    TrainingOptions options =
        Trainings.options(new Sgd(schedule))
            .epochs(4)
            .listener(
                new TrainingListener() {
                  @Override
                  public void started(Start start) {
                    starts.add(start);
                  }

                  @Override
                  public void epochEnded(EpochReport report) {
                    heard.add(report);
                  }
                })
            .build();
    TrainingResult result = train(VALIDATION, Mf.l2(4, 0.01), options);
    assertEquals(result.history(), heard);
    assertEquals(result.backend(), starts.get(0).backend());
    assertEquals("scalar: asked for by name, plain Java, 1 thread", result.backend());
    for (int epoch = 1; epoch <= 4; epoch++) {
      EpochReport report = heard.get(epoch - 1);
      assertEquals(epoch, report.epoch());
      assertEquals(103, report.ratings());
      assertEquals(schedule.at(7L * epoch - 1, 7), report.learningRate(), "7 batches of 16");
      assertTrue(report.loss() > Math.pow(report.trainingRmse(), 2), "the L2 term is in the loss");
      assertTrue(report.seconds() > 0);
      assertEquals(report.ratings() / report.seconds(), report.ratingsPerSecond());
    }
    assertEquals(
        rmse(result.model(), VALIDATION),
        heard.getLast().validationRmse().orElseThrow(),
        1e-6,
        "predictions are floats");
  }

  @Test
  void aListenersFailureReachesTheCaller() {
    IllegalStateException failure = new IllegalStateException("the listener's own");
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .listener(
                atEndOf(
                    2,
                    () -> {
                      throw failure;
                    }))
            .build();
    assertSame(
        failure,
        assertThrows(IllegalStateException.class, () -> train(null, OVERFITTING, options)));
  }
}
