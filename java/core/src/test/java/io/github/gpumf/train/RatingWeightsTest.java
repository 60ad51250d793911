package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.train.Trainings.FAST;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.VALIDATION;
import static io.github.gpumf.train.Trainings.train;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Sgd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ratings that weigh more than others. */
final class RatingWeightsTest {
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
}
