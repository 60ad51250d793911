package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.data.Thrown.assertIllegal;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TrainerTest {
  private static final Ratings RATINGS = Trainings.ratings(103, 1);
  private static final Ratings VALIDATION = Trainings.ratings(37, 2);

  /** The biases learn the mean, the factors then learn noise: the validation RMSE falls, rises. */
  private static final Mf OVERFITTING = Mf.biased(4);

  private static final Optimizer FAST = new Adam(0.1);

  /** The same in every epoch, so that a training of n epochs is the beginning of a longer one. */
  private static final Optimizer CONSTANT = new Sgd(0.05);

  private static TrainingResult train(
      @Nullable Ratings validation, Mf spec, TrainingOptions options) {
    return new Trainer(RATINGS, validation, spec, options).train();
  }

  private static Weights weightsAfter(int epochs, Mf spec, TrainingOptions options) {
    return train(null, spec, options.toBuilder().epochs(epochs).earlyStopping(null).build())
        .model()
        .weights();
  }

  /** Does something at the end of an epoch. */
  private static TrainingListener atEndOf(int epoch, Runnable action) {
    return new TrainingListener() {
      @Override
      public void epochEnded(EpochReport report) {
        if (report.epoch() == epoch) {
          action.run();
        }
      }
    };
  }

  private static double rmse(MfModel model, Ratings ratings) {
    double sum = 0;
    for (long row = 0; row < ratings.size(); row++) {
      double prediction = model.predictAt(ratings.user(row), ratings.item(row));
      sum += Math.pow(prediction - ratings.value(row), 2);
    }
    return Math.sqrt(sum / ratings.size());
  }

  // Early stopping.

  @Test
  void stopsWhenPatienceIsOver() {
    List<EpochReport> all =
        train(VALIDATION, OVERFITTING, Trainings.options(FAST).epochs(60).build()).history();
    assertEquals(60, all.size());
    for (double minImprovement : new double[] {0, 0.001, 0.05, 10}) {
      for (int patience = 1; patience <= 5; patience++) {
        // The rule once more, from the reports of a training without it.
        double best = Double.POSITIVE_INFINITY;
        int bestEpoch = 0;
        int last = 0;
        while (last < all.size() && last - bestEpoch < patience) {
          double rmse = all.get(last++).validationRmse().orElseThrow();
          if (rmse < best - minImprovement) {
            best = rmse;
            bestEpoch = last;
          }
        }
        TrainingOptions options =
            Trainings.options(FAST)
                .epochs(60)
                .earlyStopping(new EarlyStopping(patience, minImprovement, true))
                .build();
        TrainingResult result = train(VALIDATION, OVERFITTING, options);
        assertEquals(StopReason.EARLY_STOPPED, result.stopReason());
        assertEquals(bestEpoch, result.bestEpoch());
        assertEquals(last, result.history().size());
        assertEquals(bestEpoch + patience, last);
      }
    }
  }

  @Test
  void restoresTheBestEpochToTheBit() {
    TrainingOptions options =
        Trainings.options(FAST).epochs(60).earlyStopping(new EarlyStopping(4)).build();
    TrainingResult result = train(VALIDATION, OVERFITTING, options);
    int best = result.bestEpoch();
    assertTrue(best > 1 && best < result.history().size(), () -> "best epoch " + best);
    TrainingResult shorter =
        train(null, OVERFITTING, options.toBuilder().epochs(best).earlyStopping(null).build());
    assertSameBits(shorter.model().weights(), result.model().weights(), "best epoch");
    assertEquals(shorter.model().provenance(), result.model().provenance());
    assertEquals(
        result.history().get(best - 1).validationRmse().orElseThrow(),
        rmse(result.model(), VALIDATION),
        1e-6,
        "predictions are floats");
  }

  @Test
  void keepsTheLastEpochIfTheBestIsNotToBeRestored() {
    TrainingOptions options =
        Trainings.options(FAST).epochs(60).earlyStopping(new EarlyStopping(4, 0, false)).build();
    TrainingResult result = train(VALIDATION, OVERFITTING, options);
    int last = result.history().size();
    assertEquals(result.bestEpoch() + 4, last);
    assertSameBits(
        weightsAfter(last, OVERFITTING, options), result.model().weights(), "last epoch");
    assertEquals(Integer.toString(last), result.model().provenance().get("epochs"));
  }

  @Test
  void completesIfPatienceIsNeverOver() {
    TrainingOptions options =
        Trainings.options(CONSTANT).epochs(5).earlyStopping(new EarlyStopping(5)).build();
    TrainingResult result = train(VALIDATION, Mf.biased(4), options);
    assertEquals(StopReason.COMPLETED, result.stopReason());
    assertEquals(5, result.history().size());
  }

  @Test
  void validationAloneStopsNothing() {
    TrainingResult result = train(VALIDATION, OVERFITTING, Trainings.options(FAST).build());
    TrainingResult without = train(null, OVERFITTING, Trainings.options(FAST).build());
    assertEquals(StopReason.COMPLETED, result.stopReason());
    assertTrue(result.bestEpoch() > 0);
    assertEquals(0, without.bestEpoch());
    assertTrue(without.history().get(0).validationRmse().isEmpty());
    assertSameBits(
        without.model().weights(), result.model().weights(), "measuring is not training");
  }

  @Test
  void earlyStoppingNeedsValidation() {
    TrainingOptions options = Trainings.options(FAST).earlyStopping(new EarlyStopping(4)).build();
    assertIllegal(
        "early stopping needs validation ratings; give some",
        () -> new Trainer(RATINGS, null, OVERFITTING, options));
  }

  // Cancellation.

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
    assertSameBits(
        weightsAfter(last - 3, OVERFITTING, options), result.model().weights(), "best epoch");
  }

  // Listeners.

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

  // Validation.

  @Test
  void validationLeavesOutUnknownIds() {
    Ratings known =
        Ratings.builder(IdMap.dense(3), IdMap.dense(3), 3, false, false)
            .set(0, 2, 0, 4)
            .set(1, 0, 1, 1)
            .set(2, 1, 2, 3)
            .build();
    // The same three in another order of ids, among others that no training rating has.
    IdMap users = IdMap.ofStrings(List.of("stranger", "1", "2", "0"));
    IdMap items = IdMap.ofStrings(List.of("2", "0", "1", "novelty", "-1"));
    Ratings mixed =
        Ratings.builder(users, items, 6, true, true)
            .set(0, 0, 0, 500)
            .set(1, 2, 1, 4)
            .set(2, 1, 3, 500)
            .set(3, 3, 2, 1)
            .set(4, 1, 0, 3)
            .set(5, 3, 4, 500)
            .build();
    TrainingOptions options = Trainings.options(CONSTANT).build();
    TrainingResult expected = train(known, Mf.biased(3), options);
    TrainingResult actual = train(mixed, Mf.biased(3), options);
    for (int epoch = 0; epoch < 7; epoch++) {
      assertEquals(
          expected.history().get(epoch).validationRmse(),
          actual.history().get(epoch).validationRmse());
    }
  }

  @Test
  void refusesValidationThatSharesNothing() {
    Ratings strangers =
        Ratings.builder(IdMap.ofStrings(List.of("x")), IdMap.dense(1), 1, false, false)
            .set(0, 0, 0, 1)
            .build();
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 13, 11);
    for (Ratings useless : List.of(strangers, none)) {
      assertIllegal(
          "none of the validation ratings has a user and an item that occur in the training",
          () -> new Trainer(RATINGS, useless, OVERFITTING, Trainings.options(FAST).build()));
    }
  }

  // What cannot be trained.

  @Test
  void aTrainerTrainsOnce() {
    Trainer trainer = new Trainer(RATINGS, null, OVERFITTING, Trainings.options(FAST).build());
    trainer.train();
    assertEquals(
        "a trainer trains once; make another one",
        assertThrows(IllegalStateException.class, trainer::train).getMessage());
  }

  @Test
  void refusesNoRatings() {
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 13, 11);
    assertIllegal(
        "there are no ratings to train on; give at least one",
        () -> new Trainer(none, null, OVERFITTING, Trainings.options(FAST).build()));
  }

  @Test
  void refusesBackendsThatAreNotThere() {
    TrainingOptions options = Trainings.options(FAST).backend("abacus").build();
    String message =
        String.valueOf(
            assertThrows(BackendUnavailableException.class, () -> train(null, OVERFITTING, options))
                .getMessage());
    assertTrue(message.startsWith("there is no backend \"abacus\"; known are auto, "), message);
  }

  private static DivergedException diverges(Ratings ratings, Mf spec, TrainingOptions options) {
    return assertThrows(
        DivergedException.class, () -> new Trainer(ratings, null, spec, options).train());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void anExplosionKeepsTheLastGoodEpoch(String backend) {
    // The rate grows with every step until it is too high.
    Optimizer growing = new Sgd(LearningRate.constant(20).withWarmUp(40));
    TrainingOptions options =
        Trainings.options(growing).backend(backend).threads(2).epochs(40).build();
    DivergedException diverged = diverges(RATINGS, OVERFITTING, options);
    int epoch = diverged.epoch();
    assertTrue(epoch > 1, "some epochs go well");
    assertTrue(diverged.batch() >= 1 && diverged.batch() <= 7);
    assertEquals(
        growing.learningRate().at((epoch - 1) * 7L + diverged.batch() - 1, 7),
        diverged.learningRate());
    String message = String.valueOf(diverged.getMessage());
    for (String part :
        List.of(
            "training diverged in epoch " + epoch + ", batch " + diverged.batch() + " of 7",
            "at learning rate " + diverged.learningRate(),
            "mean squared error is not below",
            "Try a learning rate of " + diverged.learningRate() / 10,
            "the model of epoch " + (epoch - 1) + " is kept")) {
      assertTrue(message.contains(part), message);
    }
    MfModel kept = diverged.lastGoodModel().orElseThrow();
    TrainingResult expected =
        train(null, OVERFITTING, options.toBuilder().epochs(epoch - 1).build());
    assertSameBits(expected.model().weights(), kept.weights(), "last good epoch");
    assertEquals(expected.model().provenance(), kept.provenance());
    assertTrue(Float.isFinite(kept.predictAt(0, 0)));
    assertNotNull(kept.seenItems());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void anExplosionInTheFirstEpochKeepsNothing(String backend) {
    TrainingOptions options = Trainings.options(new Sgd(1e6)).backend(backend).build();
    DivergedException diverged = diverges(RATINGS, OVERFITTING, options);
    assertEquals(1, diverged.epoch());
    assertTrue(diverged.lastGoodModel().isEmpty());
    assertTrue(
        String.valueOf(diverged.getMessage()).contains("no epoch had ended yet"),
        diverged.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void infiniteWeightsAreFoundAtTheEndOfAnEpoch(String backend) {
    // The only batch of the epoch: its error is fine, and no later batch sees what its step did.
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {1000}, 1, 1);
    TrainingOptions options = Trainings.options(new Sgd(1e38)).backend(backend).build();
    DivergedException diverged = diverges(one, Mf.biased(2), options);
    assertEquals(1, diverged.epoch());
    assertEquals(1, diverged.batch());
    assertTrue(
        String.valueOf(diverged.getMessage()).contains("its step left weights that are not finite"),
        diverged.getMessage());
    assertTrue(diverged.lastGoodModel().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void notANumberIsFound(String backend) {
    // Infinite factors of either sign: their products add up to NaN, which no limit is below.
    Ratings two = Ratings.of(new int[] {0, 0}, new int[] {0, 0}, new float[] {1e30f, -1e30f}, 1, 1);
    TrainingOptions options =
        Trainings.options(new Sgd(1e38)).backend(backend).batchSize(1).shuffle(false).build();
    DivergedException diverged = diverges(two, Mf.basic(8), options);
    assertEquals(1, diverged.epoch());
    assertEquals(2, diverged.batch());
  }

  // Reproducibility.

  @Test
  void shufflingIsTheOrderOfTheEpoch() {
    Permutation order = new Permutation(RATINGS.size(), 42, Purpose.SHUFFLE, 0);
    Ratings ordered = RATINGS.select(RATINGS.size(), order::apply);
    for (String backend : List.of("scalar", "vector")) {
      TrainingOptions options = Trainings.options(FAST).backend(backend).epochs(1).build();
      TrainingOptions inOrder = options.toBuilder().shuffle(false).build();
      Weights shuffled = train(null, OVERFITTING, options).model().weights();
      assertSameBits(
          new Trainer(ordered, null, OVERFITTING, inOrder).train().model().weights(),
          shuffled,
          backend);
      assertTrue(
          WeightsAssert.largestDifference(
                  shuffled, train(null, OVERFITTING, inOrder).model().weights())
              > 0);
    }
  }

  @Test
  void theSeedDecidesEverything() {
    TrainingOptions options = Trainings.options(FAST).build();
    for (Mf spec : Trainings.SPECS) {
      Weights weights = train(null, spec, options).model().weights();
      assertSameBits(weights, train(null, spec, options).model().weights(), spec.toString());
      assertTrue(
          WeightsAssert.largestDifference(
                  weights,
                  train(null, spec, options.toBuilder().seed(43).build()).model().weights())
              > 0);
    }
  }

  // Weights of ratings.

  private static Ratings weighted(Ratings ratings, float firstWeight, float otherWeight) {
    Ratings.Builder builder =
        Ratings.builder(ratings.users(), ratings.items(), ratings.size(), false, true);
    for (long row = 0; row < ratings.size(); row++) {
      builder
          .set(row, ratings.user(row), ratings.item(row), ratings.value(row))
          .weight(row, row == 0 ? firstWeight : otherWeight);
    }
    return builder.build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void aWeightOfThreeCountsLikeThreeRatings(String backend) {
    // In one batch the loss is a mean over 103 ratings here and over 105 there.
    Ratings repeated = RATINGS.select(105, row -> Math.max(0, row - 2));
    TrainingOptions options =
        Trainings.options(new Sgd(0.5))
            .backend(backend)
            .batchSize(105)
            .shuffle(false)
            .epochs(20)
            .build();
    TrainingOptions scaled = options.toBuilder().optimizer(new Sgd(0.5 * 105 / 103)).build();
    TrainingResult expected = new Trainer(repeated, VALIDATION, OVERFITTING, scaled).train();
    // The weights of validation ratings do not count: an RMSE is of ratings.
    TrainingResult actual =
        new Trainer(weighted(RATINGS, 3, 1), weighted(VALIDATION, 1000, 1), OVERFITTING, options)
            .train();
    // 20 steps of rounding floats of size 1, in sums of another order.
    assertTrue(
        WeightsAssert.largestDifference(expected.model().weights(), actual.model().weights())
            < 1e-5);
    for (int epoch = 0; epoch < 20; epoch++) {
      assertEquals(
          expected.history().get(epoch).loss() * 105 / 103,
          actual.history().get(epoch).loss(),
          1e-4);
      assertEquals(
          expected.history().get(epoch).validationRmse().orElseThrow(),
          actual.history().get(epoch).validationRmse().orElseThrow(),
          1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void weightsOfOneChangeNoBit(String backend) {
    TrainingOptions options = Trainings.options(FAST).backend(backend).build();
    assertSameBits(
        train(null, OVERFITTING, options).model().weights(),
        new Trainer(weighted(RATINGS, 1, 1), null, OVERFITTING, options).train().model().weights(),
        backend);
  }

  @Test
  void heavyRatingsAreNoExplosion() {
    // All ratings a million times as heavy, at a millionth of the rate: the same steps.
    TrainingOptions options = Trainings.options(new Sgd(0.05e-6)).build();
    TrainingResult heavy =
        new Trainer(weighted(RATINGS, 1e6f, 1e6f), null, OVERFITTING, options).train();
    Weights expected =
        train(null, OVERFITTING, Trainings.options(new Sgd(0.05)).build()).model().weights();
    // 49 steps of rounding floats of size 1.
    assertTrue(WeightsAssert.largestDifference(expected, heavy.model().weights()) < 1e-5);
    // One heavy rating among light ones.
    new Trainer(weighted(RATINGS, 1e6f, 1), null, OVERFITTING, options).train();
  }

  // The model.

  @Test
  void rowsWithoutRatingsFallBackOnWhatIsKnown() {
    // The last user and the last item have no rating.
    MfModel model = train(null, Trainings.SPECS.get(2), Trainings.options(FAST).build()).model();
    assertEquals(
        model.toRating(model.offset() + requireNonNull(model.weights().itemBias()).get(3, 0)),
        model.predictAt(12, 3));
    assertEquals(model.offset(), model.predictAt(12, 10));
  }

  @Test
  void theModelSaysHowItCameToBe() {
    TrainingResult result = train(null, Mf.biased(3), Trainings.options(CONSTANT).build());
    MfModel model = result.model();
    assertEquals("scalar", model.provenance().get("backend"));
    assertEquals("7", model.provenance().get("epochs"));
    assertEquals("42", model.provenance().get("seed"));
    assertEquals("16", model.provenance().get("batch_size"));
    assertEquals("true", model.provenance().get("shuffle"));
    assertEquals("103", model.provenance().get("ratings"));
    assertEquals(CONSTANT.toString(), model.provenance().get("optimizer"));
    assertEquals(RATINGS.fingerprint(), model.provenance().get("data_fingerprint"));
    assertSame(RATINGS.users(), model.users());
    assertEquals(1, model.scale().min());
    assertEquals(5, model.scale().max());
    assertEquals((float) RATINGS.meanValue(), model.scale().mean());
    assertNotNull(model.seenItems());
    assertNull(
        train(null, Mf.biased(3), Trainings.options(CONSTANT).keepSeenItems(false).build())
            .model()
            .seenItems());
    assertFalse(model.weights().userFactors().segment().asByteBuffer().hasArray());
  }
}
