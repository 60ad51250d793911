package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.cuda.Jobs.Outcome;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.Checkpointing;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Factors that are stored as halves, beside the scalar backend's and from the front door. */
final class HalfPrecisionTest {
  static final List<Optimizer> PER_RATING = Jobs.PER_RATING;

  /**
   * An ulp of halves below 1, twice. The two backends add dot products up in other orders, so that
   * a factor next to the middle of two halves may go to one here and to the other there: then it
   * differs by an ulp, what is trained with it by the rate times that, and it may do so again.
   */
  private static final double TWO_ULPS = 2 * 0x1p-11;

  private static TrainingJob job(
      Ratings ratings, int factors, Optimizer optimizer, boolean regularized) {
    float size = (float) (1 / Math.sqrt(factors));
    Mf spec =
        Mf.biased(factors)
            .withRegularization(regularized ? 0.02 : 0, 0.01)
            .withInitializer(new UniformInitializer(0.1f * size, size));
    Optimizer slow = optimizer.withLearningRate(LearningRate.constant(0.01));
    return Jobs.perRating(ratings, spec, slow, Precision.HALF);
  }

  /** How many numbers are others. */
  private static long differing(FloatTable one, FloatTable other) {
    long count = 0;
    for (long row = 0; row < one.rows(); row++) {
      for (int column = 0; column < one.columns(); column++) {
        count += one.get(row, column) != other.get(row, column) ? 1 : 0;
      }
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 31, 32, 33, 64, 65, 100, 128, 129, 256, 257, 513})
  void followsTheScalarBackend(int factors) {
    Backend backend = TestBackend.get();
    Backend scalar = Backends.select("scalar").backend();
    for (Optimizer optimizer : PER_RATING) {
      for (boolean weighted : new boolean[] {false, true}) {
        Ratings ratings = Training.ratings(701, weighted);
        TrainingJob job = job(ratings, factors, optimizer, weighted);
        Outcome expected = Jobs.train(scalar, job, 2);
        Outcome actual = Jobs.train(backend, job, 2);
        String what = optimizer + ", k = " + factors;
        double difference = WeightsAssert.largestDifference(expected.weights(), actual.weights());
        assertTrue(difference <= TWO_ULPS, () -> what + ": differ by " + difference);
        assertEquals(
            expected.totals().squaredError(),
            actual.totals().squaredError(),
            TWO_ULPS * expected.totals().squaredError(),
            what);
        if (optimizer instanceof LazyAdam) {
          // Divides by the root of squares that begin at 0: a last bit of the first gradients is
          // one of the steps', and reaches many roundings. RoundsKernelsTest has it without that.
          continue;
        }
        // With another rule for when a row is rounded most factors would be others.
        long others =
            differing(expected.weights().userFactors(), actual.weights().userFactors())
                + differing(expected.weights().itemFactors(), actual.weights().itemFactors());
        long all = (Training.USERS + Training.ITEMS) * (long) factors;
        assertTrue(
            others <= 2 + all / 20,
            () -> what + ": " + others + " of " + all + " are other halves");
      }
    }
  }

  @ParameterizedTest
  @FieldSource("PER_RATING")
  void tenRunsHaveTheSameBits(Optimizer optimizer) {
    Ratings ratings = Jobs.ratings(90, 70, 1_500);
    for (int factors : new int[] {9, 300}) {
      TrainingJob job = job(ratings, factors, optimizer, true);
      assertTrue(job.gridSize().blocks() > 4, "more blocks than one are launched");
      Outcome first = Jobs.train(TestBackend.get(), job, 2);
      for (int run = 1; run < 10; run++) {
        int seed = run;
        StandIn.find().ifPresent(standIn -> standIn.seed(seed));
        Outcome again = Jobs.train(TestBackend.get(), job, 2);
        assertEquals(first.totals(), again.totals(), optimizer + ", run " + run);
        assertSameBits(first.weights(), again.weights(), optimizer + ", run " + run);
      }
    }
  }

  /** Tables of so many rows that they come and go in several pieces. */
  @Test
  void largeTablesComeBackAsTheyWent() {
    int rows = 70_001;
    Ratings ratings = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, rows, rows);
    Mf spec = Mf.biased(9).withInitializer(new UniformInitializer(-2, 2));
    TrainingJob job = Jobs.perRating(ratings, spec, new Sgd(0.1), Precision.HALF);
    try (TrainingSession session = TestBackend.get().openTraining(job);
        TrainingSession scalar = Backends.select("scalar").backend().openTraining(job)) {
      assertTrue(session.keep(Slot.LAST_GOOD));
      assertTrue(session.keep(Slot.BEST));
      for (Slot slot : Slot.values()) {
        assertSameBits(
            scalar.weights(Slot.CURRENT), session.weights(slot), "rounded and widened, " + slot);
      }
    }
  }

  /** Each number of a row, and of the padded end of a table, is looked at. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 8, 9})
  void aSingleInfiniteHalfIsFound(int factors) {
    Ratings ratings = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 3, 5);
    TrainingJob job = job(ratings, factors, new Sgd(0.1), false);
    for (boolean ofUser : new boolean[] {false, true}) {
      for (int row = 0; row < (ofUser ? 3 : 5); row++) {
        for (int column = 0; column < factors; column++) {
          TrainingState start = TrainingState.initial(ratings, job.spec(), job.optimizer(), 1);
          FloatTable table = ofUser ? start.weights().userFactors() : start.weights().itemFactors();
          table.set(row, column, column % 2 == 0 ? 65_520 : Float.NaN);
          TrainingJob wild =
              new TrainingJob(
                  ratings,
                  job.spec(),
                  job.optimizer(),
                  Updates.PER_RATING,
                  Precision.HALF,
                  1,
                  job.cut(),
                  true,
                  1,
                  1,
                  1e6,
                  start);
          try (TrainingSession session = TestBackend.get().openTraining(wild)) {
            assertEquals(false, session.keep(Slot.BEST), row + ", " + column);
          }
        }
      }
    }
  }

  private static TrainingOptions.Builder options() {
    return TrainingOptions.builder(new Sgd(0.01))
        .updates(Updates.PER_RATING)
        .precision(Precision.HALF)
        .backend("cuda")
        .seed(5)
        .epochs(5);
  }

  @Test
  void fromTheFrontDoorItIsDoneAndSaid(@TempDir Path folder) {
    TestBackend.get();
    Ratings ratings = Jobs.ratings(90, 70, 1_500);
    TrainingResult whole = GpuMf.train(ratings, Mf.biased(8), options().build());
    assertEquals("HALF", whole.model().provenance().get("precision"));
    assertTrue(!whole.backend().contains("stored as floats"), whole::backend);
    assertTrue(
        GpuMf.plan(ratings, Mf.biased(8), options().build()).memory().neededBytes()
            < GpuMf.plan(ratings, Mf.biased(8), options().precision(Precision.SINGLE).build())
                .memory()
                .neededBytes());
    Checkpointing every = new Checkpointing(folder, 1, true);
    GpuMf.train(ratings, Mf.biased(8), options().epochs(2).checkpointing(every).build());
    TrainingResult resumed =
        GpuMf.train(ratings, Mf.biased(8), options().checkpointing(every).build());
    assertEquals(
        whole.history().stream().map(EpochReport::loss).toList(),
        resumed.history().stream().map(EpochReport::loss).toList());
    assertSameBits(whole.model().weights(), resumed.model().weights(), "resumed after 2 epochs");
  }
}
