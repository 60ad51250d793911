package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Optimizer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What crosses the bus in an epoch: a few bytes a batch, and nothing that grows with tables. */
final class EpochCopiesTest {
  static final List<Optimizer> OPTIMIZERS = Jobs.OPTIMIZERS;
  static final List<Optimizer> PER_RATING = Jobs.PER_RATING;

  /** Four doubles. */
  private static final long TOTALS_BYTES = 32;

  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void anEpochBringsBackItsTotalsAndNothingElse(Optimizer optimizer) {
    TrainingJob job = Jobs.job(Jobs.ratings(90, 70, 1_500), Mf.l2(64, 0.01), optimizer, 400);
    assertBringsBackItsTotals(job, job.batchesPerEpoch() * BatchLayout.BYTES);
  }

  @ParameterizedTest
  @FieldSource("PER_RATING")
  void soDoesAnEpochWithAnUpdatePerRating(Optimizer optimizer) {
    TrainingJob job = Jobs.perRating(Jobs.ratings(90, 70, 1_500), Mf.biased(64), optimizer);
    // Of each round which it is, its rate, and how many ratings it has.
    int bytesOfRound = Integer.BYTES + Float.BYTES + Long.BYTES;
    assertBringsBackItsTotals(job, job.batchesPerEpoch() * bytesOfRound);
  }

  private static void assertBringsBackItsTotals(TrainingJob job, long bytesToDevice) {
    try (TrainingSession session = TestBackend.get().openTraining(job)) {
      StandIn standIn = TestDriver.standIn();
      session.run(0, 0, job.batchesPerEpoch());
      standIn.resetCounts();
      session.run(1, 0, job.batchesPerEpoch());
      assertEquals(bytesToDevice, standIn.count("bytes_to_device"));
      assertEquals(TOTALS_BYTES, standIn.count("bytes_to_host"));
      assertEquals(0, standIn.calls("cuMemAlloc"), "nothing is allocated either");
      assertEquals(0, standIn.calls("cuMemHostAlloc"));
    }
  }
}
