package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.Jobs.Outcome;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.Optimizer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The bits of a training are those of its seed and options. On the stand-in driver each run draws
 * other orders of blocks, of warps and of streams; on a GPU the hardware does.
 */
final class DeterminismTest {
  static final List<Optimizer> OPTIMIZERS = Jobs.OPTIMIZERS;
  static final List<Optimizer> PER_RATING = Jobs.PER_RATING;

  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void tenRunsHaveTheSameBits(Optimizer optimizer) {
    tenRuns(Jobs.ratings(90, 70, 1_500), optimizer);
  }

  /** So many rows that Adam lets them rest. */
  @Test
  void tenRunsWhereRowsRestHaveTheSameBits() {
    tenRuns(Jobs.ratings(900, 700, 1_500), new Adam(0.01));
  }

  private static void tenRuns(Ratings ratings, Optimizer optimizer) {
    Backend backend = TestBackend.get();
    for (Mf spec : List.of(Mf.l2(9, 0.01), Mf.biased(9).withRegularization(0.02))) {
      // More blocks than one in every kernel, and a last batch that is shorter.
      assertSameBitsInTenRuns(backend, Jobs.job(ratings, spec, optimizer, 700));
    }
  }

  @ParameterizedTest
  @FieldSource("PER_RATING")
  void tenRunsWithAnUpdatePerRatingHaveTheSameBits(Optimizer optimizer) {
    Ratings ratings = Jobs.ratings(90, 70, 1_500);
    Mf spec = Mf.biased(9).withRegularization(0.02);
    TrainingJob job = Jobs.perRating(ratings, spec, optimizer);
    assertTrue(job.gridSize().blocks() > 4, "more blocks than one are launched");
    assertSameBitsInTenRuns(TestBackend.get(), job);
  }

  private static void assertSameBitsInTenRuns(Backend backend, TrainingJob job) {
    Outcome first = Jobs.train(backend, job, 2);
    for (int run = 1; run < 10; run++) {
      int seed = run;
      StandIn.find().ifPresent(standIn -> standIn.seed(seed));
      Outcome again = Jobs.train(backend, job, 2);
      String message = "run " + run + " of " + job.optimizer() + ", " + job.spec();
      assertEquals(first.totals(), again.totals(), message);
      assertSameBits(first.weights(), again.weights(), message);
    }
  }
}
