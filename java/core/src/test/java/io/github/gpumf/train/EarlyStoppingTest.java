package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.data.Thrown.assertIllegal;
import static io.github.gpumf.train.Trainings.CONSTANT;
import static io.github.gpumf.train.Trainings.FAST;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.VALIDATION;
import static io.github.gpumf.train.Trainings.rmse;
import static io.github.gpumf.train.Trainings.train;
import static io.github.gpumf.train.Trainings.weightsAfter;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.model.Mf;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a training stops by itself, and which epoch it returns. */
final class EarlyStoppingTest {
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
}
