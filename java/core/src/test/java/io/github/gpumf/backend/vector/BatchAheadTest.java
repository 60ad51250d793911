package io.github.gpumf.backend.vector;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.Optimizer;
import org.junit.jupiter.api.Test;

/** Epochs of more batches than are read at a time. */
final class BatchAheadTest {
  private static final int BATCH = 32;
  private static final Ratings RATINGS =
      SyntheticRatings.movieLensLike().withSize(900, 500, 70_000).generate();

  private static TrainingJob job(int threads) {
    Mf spec = Mf.biased(3);
    Optimizer adam = new Adam(0.01);
    TrainingState start = TrainingState.initial(RATINGS, spec, adam, 1);
    return new TrainingJob(RATINGS, spec, adam, BATCH, true, 2, threads, 1e6, start);
  }

  @Test
  void readsMoreForMoreThreads() {
    assertEquals(1024, BatchAhead.count(BATCH, RATINGS.size(), 1));
    assertEquals(2048, BatchAhead.count(BATCH, RATINGS.size(), 2));
    assertEquals(2048, BatchAhead.count(1, 1L << 40, 1000), "but not without end");
    assertEquals(3, BatchAhead.count(1000, 2001, 8), "and at most an epoch");
    assertEquals(1, BatchAhead.count(1 << 20, 1L << 40, 2), "a large batch alone");
  }

  /** Deferred rows are caught up at other places where other batches are read together. */
  @Test
  void whatIsReadTogetherDoesNotChangeABit() {
    Weights expected;
    try (TrainingSession session = new VectorBackend().openTraining(job(3))) {
      session.run(0, 0, job(3).batchesPerEpoch());
      session.run(1, 0, job(3).batchesPerEpoch());
      expected = session.weights(Slot.CURRENT);
    }
    TrainingJob job = job(1);
    try (TrainingSession session = new VectorBackend().openTraining(job)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        session.run(epoch, 0, 1000);
        session.weights(Slot.CURRENT);
        session.run(epoch, 1000, 1024); // as far as has been read
        session.weights(Slot.CURRENT);
        session.run(epoch, 1024, job.batchesPerEpoch());
      }
      assertSameBits(expected, session.weights(Slot.CURRENT), "read in several goes");
    }
  }
}
