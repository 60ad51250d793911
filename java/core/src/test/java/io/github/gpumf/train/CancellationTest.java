package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.train.Trainings.CONSTANT;
import static io.github.gpumf.train.Trainings.FAST;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.VALIDATION;
import static io.github.gpumf.train.Trainings.atEndOf;
import static io.github.gpumf.train.Trainings.train;
import static io.github.gpumf.train.Trainings.weightsAfter;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.Mf;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings that are stopped from outside. */
final class CancellationTest {
  @Test
  void aListenerCancelsInTheMiddleOfAnEpoch(@TempDir Path directory) {
    TrainingOptions options = Trainings.options(CONSTANT).batchSize(1).build();
    TrainingResult first =
        train(
            null,
            Mf.biased(3),
            options.toBuilder()
                .epochs(1)
                .checkpointing(new Checkpointing(directory, 1, false))
                .build());
    Cancellation cancellation = new Cancellation();
    List<Long> progress = new ArrayList<>();
    // The first call after a resumption is a single batch.
    TrainingResult result =
        train(
            null,
            Mf.biased(3),
            options.toBuilder()
                .checkpointing(new Checkpointing(directory, 1, true))
                .cancellation(cancellation)
                .listener(
                    new TrainingListener() {
                      @Override
                      public void progressed(int epoch, long ratings) {
                        cancellation.cancel();
                        progress.add(ratings);
                      }
                    })
                .build());
    assertTrue(cancellation.isCancelled());
    assertEquals(StopReason.CANCELLED, result.stopReason());
    assertEquals(List.of(1L), progress, "nothing ran after it");
    assertEquals(first.history(), result.history());
    assertSameBits(first.model().weights(), result.model().weights(), "epoch 1");
    assertEquals("1", result.model().provenance().get("epochs"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void anotherThreadCancels(String backend) throws InterruptedException {
    Cancellation cancellation = new Cancellation();
    CountDownLatch underWay = new CountDownLatch(1);
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .backend(backend)
            .epochs(Integer.MAX_VALUE)
            .cancellation(cancellation)
            .listener(atEndOf(3, underWay::countDown))
            .build();
    Thread other =
        new Thread(
            () -> {
              try {
                underWay.await();
              } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
              }
              cancellation.cancel();
            });
    other.start();
    TrainingResult result = train(null, Mf.biased(3), options);
    other.join();
    assertEquals(StopReason.CANCELLED, result.stopReason());
    int epochs = result.history().size();
    assertTrue(epochs >= 3);
    TrainingOptions same = Trainings.options(CONSTANT).backend(backend).build();
    assertSameBits(
        weightsAfter(epochs, Mf.biased(3), same), result.model().weights(), "last epoch");
  }

  @Test
  void anInterruptCancelsAndStaysSet(@TempDir Path directory) {
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .checkpointing(new Checkpointing(directory, 1, false))
            .listener(atEndOf(2, () -> Thread.currentThread().interrupt()))
            .build();
    TrainingResult result = train(null, Mf.biased(3), options);
    assertTrue(Thread.interrupted(), "a pool that shuts down must see it");
    assertEquals(StopReason.CANCELLED, result.stopReason());
    assertEquals(2, result.history().size());
    assertSameBits(
        weightsAfter(2, Mf.biased(3), Trainings.options(CONSTANT).build()),
        result.model().weights(),
        "epoch 2");
    TrainingResult resumed =
        train(
            null,
            Mf.biased(3),
            Trainings.options(CONSTANT)
                .checkpointing(new Checkpointing(directory, 1, true))
                .build());
    assertEquals(
        result.history(), resumed.history().subList(0, 2), "its last epoch had a checkpoint");
  }

  @Test
  void anInterruptedThreadFindsItsCheckpoints(@TempDir Path directory) {
    TrainingOptions options =
        Trainings.options(CONSTANT)
            .epochs(3)
            .checkpointing(new Checkpointing(directory, 1, true))
            .build();
    TrainingResult finished = train(null, Mf.biased(3), options);
    Thread.currentThread().interrupt();
    TrainingResult result;
    try {
      result = train(null, Mf.biased(3), options.toBuilder().epochs(9).build());
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(StopReason.CANCELLED, result.stopReason());
    assertEquals(finished.history(), result.history());
    assertEquals(3, result.modelEpoch());
    assertSameBits(finished.model().weights(), result.model().weights(), "epoch 3");
  }

  @Test
  void cancelledBeforeTheFirstEpochItIsTheModelOfTheStart() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    TrainingResult result =
        train(null, Mf.biased(3), Trainings.options(FAST).cancellation(cancellation).build());
    assertEquals(StopReason.CANCELLED, result.stopReason());
    assertEquals(List.of(), result.history());
    assertEquals(0, result.modelEpoch());
    assertEquals("0", result.model().provenance().get("epochs"));
    TrainingState start = TrainingState.initial(RATINGS, Mf.biased(3), FAST, 42);
    assertEquals(
        start.weights().userFactors().get(0, 0), result.model().weights().userFactors().get(0, 0));
  }

  @Test
  void cancelledWithEarlyStoppingItIsTheBestEpoch() {
    Cancellation cancellation = new Cancellation();
    TrainingOptions options =
        Trainings.options(FAST).epochs(60).earlyStopping(new EarlyStopping(30)).build();
    int last = train(VALIDATION, OVERFITTING, options).bestEpoch() + 3;
    TrainingResult result =
        train(
            VALIDATION,
            OVERFITTING,
            options.toBuilder()
                .cancellation(cancellation)
                .listener(atEndOf(last, cancellation::cancel))
                .build());
    assertEquals(StopReason.CANCELLED, result.stopReason());
    assertEquals(last, result.history().size());
    assertEquals(last - 3, result.modelEpoch());
    assertSameBits(
        weightsAfter(last - 3, OVERFITTING, options), result.model().weights(), "best epoch");
  }
}
