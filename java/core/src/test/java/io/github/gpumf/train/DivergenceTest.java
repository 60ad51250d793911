package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.train;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings that explode. */
final class DivergenceTest {
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
            "at learning rate " + threeDigits(diverged.learningRate()) + ": its mean squared error",
            "Try a learning rate of " + threeDigits(diverged.learningRate() / 10) + ", a warm-up",
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

  private static String threeDigits(double number) {
    return Double.toString(Double.parseDouble(String.format(Locale.ROOT, "%.2e", number)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void withAnUpdatePerRatingItIsARound(String backend) {
    // Not a round number, as the schedules make them.
    Optimizer tooFast = new Sgd(0.9999036202);
    TrainingOptions options =
        Trainings.options(tooFast).backend(backend).updates(Updates.PER_RATING).build();
    DivergedException diverged = diverges(RATINGS, OVERFITTING, options);
    String message = String.valueOf(diverged.getMessage());
    assertTrue(
        message.matches(
            "training diverged in epoch 1, round \\d+ of \\d+, at learning rate 1\\.0: its mean squared"
                + " error is not below \\d{5,6}\\.0, which is 10,000 times the mean square of the"
                + " ratings\\. Try a learning rate of 0\\.1, a warm-up, or more regularization; no"
                + " epoch had ended yet"),
        message);
    assertTrue(message.contains("round " + diverged.batch() + " of "), message);
  }

  @Test
  void theLimitIsExplained() {
    Ratings.Builder weighted =
        Ratings.builder(IdMap.dense(1), IdMap.dense(1), 2, false, true)
            .set(0, 0, 0, 0.5f)
            .weight(0, 1)
            .set(1, 0, 0, 0.25f)
            .weight(1, 2.5f);
    TrainingOptions options = Trainings.options(new Sgd(1e20)).build();
    String message = String.valueOf(diverges(weighted.build(), Mf.biased(2), options).getMessage());
    assertTrue(
        message.contains(
            "not below 25000.0, which is 10,000 times the largest weight, 2.5, times the larger of"
                + " 1 and the mean square of the ratings. Try"),
        message);
  }

  /** One rating of 1,000 that is no star. */
  @Test
  void ratingsFarFromOthersAreNamed() {
    float[] values = new float[1000];
    for (int row = 0; row < values.length; row++) {
      values[row] = row == 500 ? 7e6f : 1 + row % 5;
    }
    Ratings ratings = Ratings.of(new int[1000], new int[1000], values, 1, 1);
    TrainingOptions tuned = TrainingOptions.tunedFor(Mf.tuned(4), ratings);
    for (TrainingOptions options : List.of(tuned, tuned.toBuilder().ratingUnit(0.5).build())) {
      String message = String.valueOf(diverges(ratings, Mf.tuned(4), options).getMessage());
      assertTrue(
          message.contains(
              "more regularization, or leave out what is far from other ratings: they go from 1.0 to"
                  + " 7000000.0, and without a hundredth at either end are 4.0 apart; no epoch"),
          message);
    }
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
}
