package io.github.gpumf.backend;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What training promises of backends that store factors in half precision. */
public abstract class HalfPrecisionContract extends TrainingContract {
  @Test
  void factorsAreHalves() {
    assertEquals(Precision.HALF, backend().precision(Precision.HALF));
  }

  private static void assertHalves(FloatTable factors) {
    for (long row = 0; row < factors.rows(); row++) {
      for (int column = 0; column < factors.columns(); column++) {
        float factor = factors.get(row, column);
        assertEquals(Float.float16ToFloat(Float.floatToFloat16(factor)), factor);
      }
    }
  }

  /**
   * Where the reference has a sum next to the middle of two halves, floats may have it on the other
   * side: factors below 1 then differ by a half's ulp there, 2^-11, and those of the ratings after
   * it by the rate times that. Two such ulps, since a factor may meet with it twice.
   */
  private static final double TOLERANCE_OF_HALVES = 2 * 0x1p-11;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129, 257, 513})
  void followsTheFormulasInHalfPrecision(int factors) {
    for (boolean weights : new boolean[] {false, true}) {
      Ratings ratings = ratings(19, 31, 397, weights);
      for (Optimizer optimizer : perRatingOptimizers()) {
        Optimizer slow = optimizer.withLearningRate(LearningRate.constant(0.01));
        Mf spec = away(Mf.biased(factors).withRegularization(0.05, 0.01));
        TrainingJob job = perRating(ratings, spec, slow, Precision.HALF, 8, 3);
        assertFollowsReference(job, 2, TOLERANCE_OF_HALVES);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void threadsAndPiecesAndLooksDoNotChangeABitInHalfPrecision(Optimizer optimizer) {
    assertSameBitsPerRating(optimizer, Precision.HALF);
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void whatLeavesASessionInHalfPrecisionIsHalves(Optimizer optimizer) {
    Ratings ratings = ratings(70, 50, 3000, false);
    Mf spec = away(Mf.biased(6)).withMeanOffset(true);
    TrainingJob job = perRating(ratings, spec, optimizer, Precision.HALF, 4, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      assertHalves(session.weights(Slot.CURRENT).userFactors());
      assertHalves(session.weights(Slot.CURRENT).itemFactors());
      session.run(0, 0, 1);
      assertTrue(session.keep(Slot.BEST));
      assertTrue(session.keep(Slot.LAST_GOOD));
      Weights current = session.weights(Slot.CURRENT);
      assertHalves(current.userFactors());
      assertHalves(current.itemFactors());
      assertSameBits(current, session.state().weights(), "state");
      assertSameBits(current, session.weights(Slot.BEST), "best");
      assertSameBits(current, session.weights(Slot.LAST_GOOD), "last good");
      FloatTable bias = requireNonNull(current.itemBias());
      float first = bias.get(0, 0);
      assertTrue(Float.float16ToFloat(Float.floatToFloat16(first)) != first, "biases are floats");
      double expected = 0;
      for (long row = 0; row < ratings.size(); row++) {
        double score = current.score(ratings.user(row), ratings.item(row)) + job.offset();
        expected += Math.pow(score - ratings.value(row), 2);
      }
      assertEquals(expected, session.squaredError(ratings), 1e-5 * expected);
    }
  }

  @Test
  void aStartInHalfPrecisionIsRoundedToTheNearestHalf() {
    float ulp = 0x1p-10f; // of halves from 1 on
    float[] starts = {
      1 + ulp / 2, 1 + 3 * ulp / 2, Math.nextUp(1 + ulp / 2), 0x1p-25f, 65_519.996f
    };
    float[] halves = {1, 1 + 2 * ulp, 1 + ulp, 0, 65_504};
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1);
    for (int at = 0; at < starts.length; at++) {
      Mf spec = Mf.biased(3).withInitializer(new UniformInitializer(starts[at], starts[at]));
      TrainingJob job = perRating(one, spec, new Sgd(0.1), Precision.HALF, 1, 1);
      try (TrainingSession session = backend().openTraining(job)) {
        assertEquals(halves[at], session.weights(Slot.CURRENT).userFactors().get(0, 2));
        assertEquals(halves[at], session.weights(Slot.CURRENT).itemFactors().get(0, 0));
      }
    }
  }

  /**
   * Ratings of one user, one item, both or neither. Each moves its rows by about a quarter of a
   * half's ulp, which is lost in rounding, unless a group adds up what its ratings move their item.
   */
  @Test
  void rowsAreRoundedAfterEveryGroup() {
    int count = RatingGrid.TOGETHER;
    int[] same = new int[count];
    int[] others = IntStream.range(0, count).toArray();
    // e = 1 - value = -2^-6, so p and q move by 2 rate 2^-6 = 2^-12; halves from 1 on are 2^-10
    // apart. Where biases move between, later ratings find errors smaller by some hundredths.
    float[] values = new float[count];
    Arrays.fill(values, 1 + 0x1p-6f);
    boolean together = backend().cut().visits() == RatingGrid.Visits.ITEMS_TOGETHER;
    for (boolean users : new boolean[] {false, true}) {
      for (boolean items : new boolean[] {false, true}) {
        Ratings ratings =
            Ratings.of(
                users ? same : others,
                items ? same : others,
                values,
                users ? 1 : count,
                items ? 1 : count);
        Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
        TrainingJob job = perRating(ratings, spec, new Sgd(0x1p-7), Precision.HALF, 1, 1);
        try (TrainingSession session = backend().openTraining(job)) {
          session.run(0, 0, 1);
          Weights end = session.weights(Slot.CURRENT);
          assertEquals(1, end.userFactors().get(0, 0));
          float ofItem = together && items && !users ? 1 + count * 0x1p-12f : 1;
          assertEquals(ofItem, end.itemFactors().get(0, 0));
        }
      }
    }
  }

  @Test
  void aFactorThatNoHalfHoldsIsNotFinite() {
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {-30_000}, 1, 1);
    Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
    for (Precision precision : Precision.values()) {
      // e = 30001: p and q move to 1 - 2 * 2 * 30001, which a float holds and a half does not.
      TrainingJob job = perRating(one, spec, new Sgd(2), precision, 1, 1);
      try (TrainingSession session = backend().openTraining(withLossLimit(job, Double.MAX_VALUE))) {
        assertTrue(session.keep(Slot.LAST_GOOD));
        assertEquals(-1, session.run(0, 0, 1).divergedBatch());
        assertEquals(precision == Precision.SINGLE, session.keep(Slot.LAST_GOOD));
        assertEquals(
            precision == Precision.SINGLE ? 1 - 4 * 30_001f : Float.NEGATIVE_INFINITY,
            session.weights(Slot.CURRENT).userFactors().get(0, 0));
      }
    }
  }

  private static TrainingJob withLossLimit(TrainingJob job, double limit) {
    return new TrainingJob(
        job.ratings(),
        job.spec(),
        job.optimizer(),
        job.updates(),
        job.precision(),
        job.batchSize(),
        job.cut(),
        job.shuffle(),
        job.seed(),
        job.threads(),
        limit,
        job.start());
  }

  @Test
  void halfPrecisionNeedsAnUpdatePerRating() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> TrainingJob.requirePrecision(Precision.HALF, Updates.PER_BATCH));
    assertTrue(
        requireNonNull(refusal.getMessage()).endsWith("Updates.PER_RATING) or single precision"),
        refusal::getMessage);
    TrainingJob.requirePrecision(Precision.HALF, Updates.PER_RATING);
    TrainingJob.requirePrecision(Precision.SINGLE, Updates.PER_BATCH);
  }
}
