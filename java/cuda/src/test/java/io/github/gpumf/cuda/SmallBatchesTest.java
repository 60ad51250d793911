package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.cuda.Jobs.Outcome;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches done in one launch end with the bits of those that are launched step by step. */
final class SmallBatchesTest {
  /** Launches of a window: the gathering, and the sorting of both sides by keys of two digits. */
  private static final int INDEXING = 1 + 2 * (1 + 2 * 3 + 1);

  private final Backend backend = TestBackend.get();
  private final Ratings ratings = Jobs.ratings(90, 70, 1_203);

  @AfterEach
  void together() {
    System.clearProperty(Launches.PROPERTY);
  }

  private Outcome separately(TrainingJob job) {
    System.setProperty(Launches.PROPERTY, "separate");
    try {
      return Jobs.train(backend, job, 2);
    } finally {
      System.clearProperty(Launches.PROPERTY);
    }
  }

  static List<Arguments> optimizersAndSpecs() {
    List<Arguments> all = new ArrayList<>();
    for (Optimizer optimizer : Jobs.OPTIMIZERS) {
      for (Mf spec : Jobs.SPECS) {
        all.add(Arguments.of(optimizer, spec));
      }
    }
    return all;
  }

  /** One turn of the block and some, and a batch too large for it; a last one that is shorter. */
  @ParameterizedTest
  @MethodSource("optimizersAndSpecs")
  void haveTheBitsOfSeparateLaunches(Optimizer optimizer, Mf spec) {
    for (int batchSize : new int[] {1, 32, 100, 700}) {
      Ratings some = batchSize == 1 ? Jobs.ratings(30, 20, 90) : ratings;
      TrainingJob job = Jobs.job(some, spec, optimizer, batchSize);
      Outcome separate = separately(job);
      for (int seed = 0; seed < 3; seed++) {
        int drawn = seed;
        StandIn.find().ifPresent(standIn -> standIn.seed(drawn));
        Outcome together = Jobs.train(backend, job, 2);
        String message = "batches of " + batchSize + ", seed " + seed;
        assertEquals(separate.totals(), together.totals(), message);
        assertSameBits(separate.weights(), together.weights(), message);
      }
    }
  }

  @Test
  void anEpochIsOneLaunch() {
    StandIn standIn = TestDriver.standIn();
    TrainingJob job = Jobs.job(ratings, Mf.biased(64), new LazyAdam(0.01), 32);
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      standIn.resetCounts();
      session.run(1, 0, job.batchesPerEpoch());
      assertEquals(1, standIn.launches("adam_batches"));
      assertEquals(0, standIn.launches("batch_errors"));
      assertEquals(job.batchesPerEpoch() * Float.BYTES, standIn.count("bytes_to_device"));
      assertEquals(32, standIn.count("bytes_to_host"));
    }
  }

  /** One block is too slow for whole tables; the rest of the step it does. */
  @Test
  void wholeTablesAreMovedByLaunchesThatFillTheDevice() {
    StandIn standIn = TestDriver.standIn();
    // With this beta2 every row moves in every step.
    Adam literal = new Adam(LearningRate.constant(0.01), 0.9, 0.99, 1e-7);
    TrainingJob job = Jobs.job(ratings, Mf.biased(64), literal, 32);
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      standIn.resetCounts();
      session.run(1, 0, 5);
      session.run(1, 5, job.batchesPerEpoch());
      assertEquals(job.batchesPerEpoch(), standIn.launches("small_gradients"));
      assertEquals(job.batchesPerEpoch(), standIn.launches("adam_tables"));
      assertEquals(2 * job.batchesPerEpoch() + INDEXING, standIn.count("launches"));
      assertEquals(0, standIn.launches("batch_errors"));
      long batches = job.batchesPerEpoch() * BatchLayout.BYTES;
      assertEquals(batches, standIn.count("bytes_to_device"));
    }
  }

  @Test
  void aBlockIsNotAskedForMoreThanItHolds() {
    StandIn standIn = TestDriver.standIn();
    standIn.resetCounts();
    Jobs.train(backend, Jobs.job(ratings, Mf.biased(64), new LazyAdam(0.01), 129), 1);
    assertEquals(10, standIn.launches("batch_errors"));
    Jobs.train(backend, Jobs.job(ratings, Mf.biased(64), new LazyAdam(0.01), 128), 1);
    assertEquals(10, standIn.launches("batch_errors"));
    assertEquals(1, standIn.launches("adam_batches"));
  }

  @Test
  void nothingMovesAfterABatchThatDiverged() {
    for (String how : List.of("together", "separate")) {
      System.setProperty(Launches.PROPERTY, how);
      Optimizer wild = new Sgd(1e5);
      TrainingJob job = Jobs.job(ratings, Mf.biased(4), wild, 10);
      try (TrainingSession session = backend.openTraining(job)) {
        EpochTotals totals = session.run(0, 0, job.batchesPerEpoch());
        assertTrue(totals.diverged());
        TrainingState state = session.state();
        assertEquals(totals.divergedBatch(), state.step(), how);
        Weights before = upToBatch(job, totals.divergedBatch());
        assertSameBits(before, session.weights(Slot.CURRENT), how);
      }
    }
  }

  private Weights upToBatch(TrainingJob job, long end) {
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, end);
      return session.weights(Slot.CURRENT);
    }
  }
}
