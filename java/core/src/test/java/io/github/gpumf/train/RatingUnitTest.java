package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.data.Thrown.assertIllegal;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.VALIDATION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Units are powers of four, so that neither they nor their roots round anything. */
final class RatingUnitTest {
  private static final Mf BIASED =
      Mf.biased(4).withMeanOffset(true).withClip(true).withRegularization(0.05, 0.01);

  private static Ratings times(Ratings ratings, double unit) {
    return ratings.inUnitsOf(1 / unit);
  }

  private static TrainingResult train(double scale, Mf spec, TrainingOptions options) {
    return new Trainer(times(RATINGS, scale), times(VALIDATION, scale), spec, options).train();
  }

  private static Stream<TrainingOptions.Builder> allOptions(Mf spec) {
    List<Optimizer> optimizers =
        List.of(new Adam(0.01), new LazyAdam(0.01), new Sgd(0.05), new AdaGrad(0.05));
    Stream<TrainingOptions.Builder> inBatches = optimizers.stream().map(Trainings::options);
    return spec.head() == Mf.Head.DENSE
        ? inBatches
        : Stream.concat(
            inBatches,
            optimizers.stream()
                .skip(1)
                .map(optimizer -> Trainings.options(optimizer).updates(Updates.PER_RATING)));
  }

  /**
   * Ratings that are so many times as large train to a model that predicts so many times as much.
   */
  @ParameterizedTest
  @ValueSource(doubles = {64, 0.0625, 1})
  void aScaleMakesNoDifference(double scale) {
    for (Mf spec : List.of(BIASED, Mf.basic(3), Mf.l2(5, 1e-3))) {
      allOptions(spec)
          .forEach(
              options -> {
                TrainingResult expected = train(1, spec, options.build());
                TrainingResult actual = train(scale, spec, options.ratingUnit(scale).build());
                assertSameBits(
                    scaled(expected.model().weights(), scale),
                    actual.model().weights(),
                    spec + ", scale " + scale);
                for (int epoch = 0; epoch < 7; epoch++) {
                  assertScaled(scale, expected.history().get(epoch), actual.history().get(epoch));
                }
                assertEquals(
                    expected.model().predictAt(3, 4) * scale,
                    actual.model().predictAt(3, 4),
                    1e-4 * scale);
              });
    }
  }

  private static void assertScaled(double scale, EpochReport expected, EpochReport actual) {
    assertEquals(expected.trainingRmse() * scale, actual.trainingRmse());
    assertEquals(
        expected.validationRmse().orElseThrow() * scale, actual.validationRmse().orElseThrow());
    assertEquals(expected.loss() * scale * scale, actual.loss());
    assertEquals(expected.learningRate(), actual.learningRate());
  }

  private static Weights scaled(Weights weights, double scale) {
    Weights copy = weights.copy(Arena.ofAuto());
    multiply(copy.userFactors(), Math.sqrt(scale));
    multiply(copy.itemFactors(), Math.sqrt(scale));
    multiply(copy.userBias(), scale);
    multiply(copy.itemBias(), scale);
    FloatTable dense = copy.dense();
    if (dense != null) {
      dense.set(0, 1, (float) (dense.get(0, 1) * scale));
    }
    return copy;
  }

  private static void multiply(@Nullable FloatTable table, double factor) {
    for (long row = 0; table != null && row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, (float) (table.get(row, column) * factor));
      }
    }
  }

  /** The best epoch, and what is kept of a training that diverges, are in the unit of ratings. */
  @Test
  void everyModelPredictsRatings() {
    TrainingOptions.Builder stopping =
        Trainings.options(new Adam(0.1)).earlyStopping(new EarlyStopping(2)).epochs(30);
    TrainingResult expected = train(1, BIASED, stopping.build());
    TrainingResult actual = train(16, BIASED, stopping.ratingUnit(16).build());
    assertEquals(TrainingResult.StopReason.EARLY_STOPPED, actual.stopReason());
    assertEquals(expected.bestEpoch(), actual.bestEpoch());
    assertSameBits(scaled(expected.model().weights(), 16), actual.model().weights(), "best");

    TrainingOptions.Builder exploding = Trainings.options(new Sgd(2)).epochs(50);
    DivergedException one =
        assertThrows(DivergedException.class, () -> train(1, BIASED, exploding.build()));
    DivergedException other =
        assertThrows(
            DivergedException.class, () -> train(16, BIASED, exploding.ratingUnit(16).build()));
    assertEquals(one.epoch(), other.epoch());
    assertSameBits(
        scaled(one.lastGoodModel().orElseThrow().weights(), 16),
        other.lastGoodModel().orElseThrow().weights(),
        "last good");
  }

  @Test
  void aResumedTrainingEndsWithTheSameBits(@TempDir Path folder) {
    TrainingOptions options = Trainings.options(new Adam(0.02)).ratingUnit(4).build();
    TrainingResult whole = train(4, BIASED, options);
    TrainingOptions.Builder checkpointed =
        options.toBuilder().checkpointing(new Checkpointing(folder, 1, true));
    train(4, BIASED, checkpointed.epochs(3).build());
    TrainingResult resumed = train(4, BIASED, checkpointed.epochs(7).build());
    assertSameBits(whole.model().weights(), resumed.model().weights(), "resumed");
    assertEquals(
        whole.history().getLast().trainingRmse(), resumed.history().getLast().trainingRmse());
    CheckpointException inOtherUnits =
        assertThrows(
            CheckpointException.class,
            () -> train(4, BIASED, checkpointed.ratingUnit(2).epochs(8).build()));
    assertTrue(
        String.valueOf(inOtherUnits.getMessage()).contains("rating unit is 4.0, expected 2.0"),
        inOtherUnits.getMessage());
  }

  @Test
  void theModelSaysItsUnitAndThePlanItsMemory() {
    TrainingOptions.Builder options = Trainings.options(new Sgd(0.01));
    assertNull(train(1, BIASED, options.build()).model().provenance().get("rating_unit"));
    assertEquals(
        List.of(), parts(new Trainer(RATINGS, VALIDATION, BIASED, options.build()).plan()));
    options.ratingUnit(0.25);
    assertEquals("0.25", train(1, BIASED, options.build()).model().provenance().get("rating_unit"));
    assertEquals(
        List.of(new Part("ratings in units", 4 * (RATINGS.size() + VALIDATION.size()))),
        parts(new Trainer(RATINGS, VALIDATION, BIASED, options.build()).plan()));
  }

  private static List<Part> parts(TrainingPlan plan) {
    return plan.memory().parts().stream()
        .filter(part -> part.name().equals("ratings in units"))
        .toList();
  }

  @Test
  void refusesUnitsThatAreNone() {
    TrainingOptions.Builder options = Trainings.options(new Sgd(0.01));
    for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertIllegal(
          "rating unit must be positive and finite, not " + wrong, () -> options.ratingUnit(wrong));
      assertIllegal(
          "unit must be positive and finite, not " + wrong, () -> RATINGS.inUnitsOf(wrong));
    }
  }

  @Test
  void otherUnitsChangeValuesAlone() {
    Ratings source =
        Ratings.builder(RATINGS.users(), RATINGS.items(), 2, true, true)
            .set(0, 2, 3, 5)
            .timestamp(0, 77)
            .set(1, 1, 4, -3e38f)
            .weight(1, 0.5f)
            .build();
    Ratings halves = source.inUnitsOf(2);
    assertEquals(2.5f, halves.value(0));
    assertEquals(-1.5e38f, halves.value(1));
    assertEquals(2.5f, halves.maxValue());
    assertEquals(77, halves.timestamp(0));
    assertEquals(0.5f, halves.weight(1));
    assertEquals(3, halves.item(0));
    assertSame(source.users(), halves.users());
    assertSame(source, source.inUnitsOf(1));
    assertNotNull(source.inUnitsOf(2).inUnitsOf(0.5));
    assertEquals(source.fingerprint(), source.inUnitsOf(2).inUnitsOf(0.5).fingerprint());
    assertIllegal("row 1: rating -Infinity is not finite", () -> source.inUnitsOf(0.5));
  }
}
