package io.github.gpumf.backend;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backend's training promises with an update per rating. */
public abstract class PerRatingContract extends TrainingContract {
  /** As for batches; there are some thousand steps here, each too small to add much rounding. */
  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void followsTheFormulasWithAnUpdatePerRating(Optimizer optimizer) {
    Mf plain = away(Mf.biased(5));
    Mf tuned = away(Mf.tuned(5).withRegularization(0.02, 0.05));
    Optimizer slow = optimizer.withLearningRate(LearningRate.exponential(0.01, 0.9));
    for (boolean weights : new boolean[] {false, true}) {
      Ratings ratings = ratings(70, 50, 5000, weights);
      assertFollowsReference(perRating(ratings, plain, slow, 1, 1), 1);
      assertFollowsReference(perRating(ratings, tuned, slow, 2, 2), 2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129, 513})
  void followsTheFormulasWithAnUpdatePerRatingForAnyNumberOfFactors(int factors) {
    Ratings ratings = ratings(19, 31, 397, false);
    for (Optimizer optimizer : perRatingOptimizers()) {
      Optimizer slow = optimizer.withLearningRate(LearningRate.constant(0.01));
      Mf spec = away(Mf.biased(factors).withRegularization(0.05, 0.01));
      assertFollowsReference(perRating(ratings, spec, slow, 8, 3), 2);
    }
  }

  @Test
  void oneRatingIsFittedWithAnUpdatePerRating() {
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1);
    Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
    TrainingJob job = perRating(one, spec, new Sgd(0.125), 32, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      // As in oneRatingIsFitted.
      assertEquals(new EpochTotals(1, 4, 4, -1), session.run(0, 0, 1));
      assertEquals(1.5f, session.weights(Slot.CURRENT).userFactors().get(0, 0));
      assertEquals(0.0625, session.squaredError(one));
    }
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void threadsAndPiecesAndLooksDoNotChangeABitWithAnUpdatePerRating(Optimizer optimizer) {
    assertSameBitsPerRating(optimizer, Precision.SINGLE);
  }

  @Test
  void anUpdatePerRatingMovesTwoRowsOnly() {
    Ratings ratings = ratings(5, 5, 9, false);
    for (Mf spec : List.of(Mf.basic(2), Mf.biased(2).withL2(0.1))) {
      assertThrows(
          IllegalArgumentException.class, () -> perRating(ratings, spec, new Sgd(0.1), 1, 1));
    }
    IllegalArgumentException adam =
        assertThrows(
            IllegalArgumentException.class,
            () -> perRating(ratings, Mf.biased(2), new Adam(0.1), 1, 1));
    assertTrue(requireNonNull(adam.getMessage()).contains("use LazyAdam"), adam::getMessage);
  }

  @Test
  void reportsTheRoundThatDiverges() {
    Ratings ratings = ratings(200, 200, 20_000, false);
    TrainingJob job = perRating(ratings, Mf.biased(4), new Sgd(1e5), 32, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      EpochTotals report = session.run(0, 0, job.batchesPerEpoch());
      assertEquals(0, report.divergedBatch());
      assertTrue(report.ratings() < ratings.size(), "nothing ran after it");
    }
  }

  /**
   * Two users and their two items: one diagonal of the grid has all ratings, the other has none.
   */
  @Test
  void aRoundMayHaveNoRatings() {
    int[] pairs = IntStream.range(0, 6000).map(row -> row % 2).toArray();
    float[] values = new float[pairs.length];
    Arrays.fill(values, 3);
    Ratings ratings = Ratings.of(pairs, pairs, values, 2, 2);
    TrainingJob job = perRating(ratings, Mf.biased(4), new Sgd(0.01), 32, 2);
    assertEquals(2, job.batchesPerEpoch(), "rounds");
    try (TrainingSession session = backend().openTraining(job)) {
      for (int epoch = 0; epoch < 3; epoch++) {
        EpochTotals report = session.run(epoch, 0, 2);
        assertEquals(-1, report.divergedBatch());
        assertEquals(ratings.size(), report.ratings());
      }
      assertTrue(session.squaredError(ratings) < 1e-3 * ratings.size());
    }
  }
}
