package io.github.gpumf.backend.vector;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.backend.WeightsAssert.largestDifference;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendContract;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VectorBackendTest extends BackendContract {
  private static final int BATCH = 600;
  private static final Ratings RATINGS =
      SyntheticRatings.movieLensLike().withSize(300, 200, 3000).generate();

  @Override
  protected Backend backend() {
    return new VectorBackend();
  }

  private static TrainingJob job(Mf spec, Optimizer optimizer, int threads, TrainingState start) {
    return new TrainingJob(RATINGS, spec, optimizer, BATCH, true, 5, threads, 1e6, start);
  }

  private static TrainingJob job(Mf spec, Optimizer optimizer, int threads) {
    return job(spec, optimizer, threads, TrainingState.initial(RATINGS, spec, optimizer, 4));
  }

  private static List<Mf> specs(int factors) {
    return List.of(
        Mf.biased(factors),
        Mf.biased(factors).withRegularization(0.02, 0.01),
        Mf.biased(factors).withL2(1e-4),
        Mf.basic(factors));
  }

  private static List<Optimizer> optimizers() {
    return List.of(
        new Sgd(0.5),
        new Adam(0.01),
        new Adam(LearningRate.constant(0.01), 0.9, 0.99, 1e-7), // moves all rows
        new LazyAdam(0.01),
        new AdaGrad(0.1));
  }

  /** Several threads have halves of the columns, one has all of them together. */
  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 31, 33, 48, 64, 65, 100})
  void whoHasWhichColumnsDoesNotChangeABit(int factors) {
    for (Mf spec : specs(factors)) {
      for (Optimizer optimizer : optimizers()) {
        String what = spec + ", " + optimizer;
        TrainingJob alone = job(spec, optimizer, 1);
        assertFalse(BatchSteps.splits(alone), what);
        try (TrainingSession expected = backend().openTraining(alone)) {
          EpochTotals totals = expected.run(0, 0, alone.batchesPerEpoch());
          Weights first = expected.weights(Slot.CURRENT);
          expected.run(1, 0, alone.batchesPerEpoch());
          for (int threads : new int[] {2, 3, 4}) {
            TrainingJob job = job(spec, optimizer, threads);
            assertEquals(factors > Lanes.COUNT, BatchSteps.splits(job), what);
            try (TrainingSession session = backend().openTraining(job)) {
              assertEquals(totals, session.run(0, 0, job.batchesPerEpoch()), what);
              assertSameBits(first, session.weights(Slot.CURRENT), what);
              assertTrue(session.keep(Slot.LAST_GOOD));
              session.run(1, 0, 2);
              session.weights(Slot.CURRENT); // a look in the middle
              session.run(1, 2, job.batchesPerEpoch());
              assertEquals(expected.squaredError(RATINGS), session.squaredError(RATINGS), what);
              assertSameBits(first, session.weights(Slot.LAST_GOOD), what);
              assertSameBits(expected.weights(Slot.CURRENT), session.weights(Slot.CURRENT), what);
            }
          }
        }
      }
    }
  }

  /** Tails of Adam are prepared for so many steps, between which all rows are caught up. */
  @Test
  void epochsLongerThanAStretchAreTheOraclesToo() {
    int steps = DeferredAdam.STRETCH + 100;
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(550, 500, steps).generate();
    Mf spec = Mf.biased(2);
    Optimizer adam = new Adam(1e-4);
    TrainingState start = TrainingState.initial(ratings, spec, adam, 3);
    TrainingJob job = new TrainingJob(ratings, spec, adam, 1, true, 5, 2, 1e6, start);
    try (TrainingSession expected = Backends.select("scalar").backend().openTraining(job);
        TrainingSession session = backend().openTraining(job)) {
      double oracles = expected.run(0, 0, steps).squaredError();
      assertEquals(oracles, session.run(0, 0, steps).squaredError(), 1e-5 * oracles);
      // Rounding adds up over the steps: 1e-5 of what weights have moved, which is up to 1.
      double difference =
          largestDifference(expected.weights(Slot.CURRENT), session.weights(Slot.CURRENT));
      assertTrue(difference < 1e-4, () -> "differ by " + difference);
    }
  }

  @Test
  void tailsOfAdamArePlanned() {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(300, 200, 3000).generate();
    Mf spec = Mf.biased(1);
    // LazyAdam has the same slots.
    long more =
        neededBytes(ratings, spec, new Adam(0.1)) - neededBytes(ratings, spec, new LazyAdam(0.1));
    assertEquals(AdamTails.bytes(3000), more);
    assertEquals(
        0,
        neededBytes(ratings, spec.withL2(0.1), new Adam(0.1))
            - neededBytes(
                ratings, spec.withL2(0.1), new Adam(LearningRate.constant(0.1), 0.9, 0.99, 1e-7)));
  }

  private long neededBytes(Ratings ratings, Mf spec, Optimizer optimizer) {
    return backend().plan(TrainingShape.of(ratings, spec, optimizer, 1, 1)).neededBytes();
  }

  @Test
  void aStateOfHalvesIsOneOfWholeRows() {
    for (Mf spec : specs(33)) {
      for (Optimizer optimizer : optimizers()) {
        TrainingJob whole = job(spec, optimizer, 1);
        TrainingJob halves = job(spec, optimizer, 2);
        assertTrue(BatchSteps.splits(halves));
        Weights expected;
        try (TrainingSession session = backend().openTraining(whole)) {
          session.run(0, 0, whole.batchesPerEpoch());
          session.run(1, 0, whole.batchesPerEpoch());
          expected = session.weights(Slot.CURRENT);
        }
        TrainingState middle;
        try (TrainingSession session = backend().openTraining(halves)) {
          session.run(0, 0, halves.batchesPerEpoch());
          middle = session.state();
        }
        for (int threads : new int[] {1, 2}) {
          try (TrainingSession session =
              backend().openTraining(job(spec, optimizer, threads, middle))) {
            session.run(1, 0, halves.batchesPerEpoch());
            assertSameBits(
                expected, session.weights(Slot.CURRENT), spec + ", " + optimizer + ", " + threads);
          }
        }
      }
    }
  }

  /**
   * A row's one accumulator needs the gradients of all its columns, and a small batch one thread.
   */
  @Test
  void columnsStayTogetherWhereHalvesDoNotPay() {
    Optimizer byRow = new AdaGrad(LearningRate.constant(0.1), Accumulator.ROW, 1e-10);
    assertFalse(BatchSteps.splits(job(Mf.biased(64), byRow, 2)));
    Optimizer sgd = new Sgd(0.1);
    Mf spec = Mf.biased(64);
    TrainingState start = TrainingState.initial(RATINGS, spec, sgd, 4);
    assertFalse(BatchSteps.splits(new TrainingJob(RATINGS, spec, sgd, 32, true, 5, 2, 1e6, start)));
  }
}
