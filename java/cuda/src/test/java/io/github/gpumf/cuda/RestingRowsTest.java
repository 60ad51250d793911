package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.backend.WeightsAssert.largestDifference;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Keras' Adam where rows outside the batch rest. */
final class RestingRowsTest {
  /**
   * 76 steps round a weight of size 1 by 6e-8 each, and Adam divides what gradients are apart by
   * their size: twice as much. With every row moved in every step the device is as far from the
   * processor.
   */
  private static final double TOLERANCE = 1e-5;

  /** Batches that one block holds, and such as are launched kernel by kernel. */
  static final List<Integer> BATCH_SIZES = List.of(16, 250);

  private static final Adam ADAM = new Adam(LearningRate.cosine(0.01, 4));

  private final Backend backend = TestBackend.get();

  /** Most rows are in few batches. */
  private final Ratings ratings = Jobs.ratings(400, 300, 1_203);

  private TrainingJob job(Mf spec, Adam adam, int batchSize) {
    // All errors are large: where a gradient is near zero, Adam's step is a matter of its last
    // bits.
    Mf away = spec.withInitializer(new UniformInitializer(0.18, 0.2));
    return Jobs.job(ratings, away, adam, batchSize);
  }

  private static List<Mf> specs() {
    return List.of(Mf.basic(64), Mf.biased(64).withRegularization(0.02, 0.05));
  }

  @Test
  void aStepReadsTheBatchAlone() {
    StandIn standIn = TestDriver.standIn();
    TrainingJob job = job(Mf.biased(64), ADAM, 250);
    long batches = job.batchesPerEpoch();
    standIn.resetCounts();
    Jobs.train(backend, job, 1);
    assertEquals(batches, standIn.launches("catch_up_rows"));
    assertEquals(1, standIn.launches("catch_up_tables"));
    assertEquals(2 * batches, standIn.launches("adam_rows"));
    assertEquals(2 * batches, standIn.launches("adam_elements"));
    assertEquals(0, standIn.launches("adam_table") + standIn.launches("adam_tables"));
  }

  /** Of the 700 rows. */
  @ParameterizedTest
  @CsvSource({"350, true", "351, false", "1203, false"})
  void rowsRestWhereABatchHasAtMostHalfOfThem(int batchSize, boolean rest) {
    StandIn standIn = TestDriver.standIn();
    standIn.resetCounts();
    Jobs.train(backend, job(Mf.biased(64), ADAM, batchSize), 1);
    assertEquals(rest, standIn.launches("catch_up_rows") > 0);
    assertEquals(!rest, standIn.launches("adam_table") + standIn.launches("adam_tables") > 0);
  }

  @Test
  void smallBatchesOfAWindowAreOneLaunch() {
    StandIn standIn = TestDriver.standIn();
    TrainingJob job = job(Mf.biased(64), ADAM, 16);
    standIn.resetCounts();
    Jobs.train(backend, job, 1);
    assertEquals(1, standIn.launches("deferred_adam_batches"));
    assertEquals(1, standIn.launches("catch_up_tables"));
    assertEquals(0, standIn.launches("catch_up_rows") + standIn.launches("small_gradients"));
  }

  /**
   * The rows of most batches; a pull that never rests; betas that four terms are not enough for.
   */
  @Test
  void everyRowMovesWhereRestingDoesNotPayOrIsNotExact() {
    StandIn standIn = TestDriver.standIn();
    List<TrainingJob> jobs =
        List.of(
            job(Mf.biased(64), ADAM, 351),
            job(Mf.l2(64, 0.01), ADAM, 250),
            job(Mf.biased(64), new Adam(LearningRate.constant(0.01), 0.9, 0.99, 1e-7), 250));
    for (TrainingJob job : jobs) {
      standIn.resetCounts();
      Jobs.train(backend, job, 1);
      assertEquals(job.batchesPerEpoch(), standIn.launches("adam_tables"), job::toString);
      assertEquals(0, standIn.launches("catch_up_rows"), job::toString);
    }
  }

  /** In the middle of an epoch, when rows rest, weights and Adam's numbers are seen as current. */
  @ParameterizedTest
  @FieldSource("BATCH_SIZES")
  void whatIsSeenIsWhereEveryStepLeavesIt(int batchSize) {
    for (Mf spec : specs()) {
      TrainingJob job = job(spec, ADAM, batchSize);
      long middle = job.batchesPerEpoch() / 2;
      try (TrainingSession literal = Backends.select("scalar").backend().openTraining(job);
          TrainingSession session = backend.openTraining(job)) {
        for (long[] piece : new long[][] {{0, 1}, {1, middle}, {middle, job.batchesPerEpoch()}}) {
          literal.run(0, piece[0], piece[1]);
          session.run(0, piece[0], piece[1]);
          String what = spec + ", after " + piece[1] + " batches";
          assertNear(literal.state(), session.state(), what);
          assertEquals(
              literal.squaredError(ratings),
              session.squaredError(ratings),
              10 * TOLERANCE * ratings.size(), // an error times a difference that 64 weights make
              what);
        }
      }
    }
  }

  private static void assertNear(TrainingState expected, TrainingState actual, String what) {
    assertEquals(expected.step(), actual.step(), what);
    List<Weights> wanted = new ArrayList<>(List.of(expected.weights()));
    wanted.addAll(expected.slots());
    List<Weights> found = new ArrayList<>(List.of(actual.weights()));
    found.addAll(actual.slots());
    for (int table = 0; table < wanted.size(); table++) {
      double difference = largestDifference(wanted.get(table), found.get(table));
      assertTrue(difference <= TOLERANCE, what + ", numbers differ by " + difference);
    }
  }

  /** A session that is given the state of the middle of an epoch goes on as the first would. */
  @ParameterizedTest
  @FieldSource("BATCH_SIZES")
  void goesOnInTheMiddleOfAnEpoch(int batchSize) {
    for (Mf spec : specs()) {
      TrainingJob job = job(spec, ADAM, batchSize);
      long middle = job.batchesPerEpoch() / 2;
      TrainingState state;
      TrainingState expected;
      try (TrainingSession session = backend.openTraining(job)) {
        session.run(0, 0, middle);
        state = session.state();
        session.run(0, middle, job.batchesPerEpoch());
        expected = session.state();
      }
      TrainingJob rest =
          new TrainingJob(
              ratings, job.spec(), ADAM, batchSize, true, job.seed(), 1, job.lossLimit(), state);
      try (TrainingSession session = backend.openTraining(rest)) {
        assertSameBits(state.weights(), session.weights(Slot.CURRENT), "taken over");
        session.run(0, middle, job.batchesPerEpoch());
        assertNear(expected, session.state(), spec + ", gone on with");
      }
    }
  }

  /** An epoch that is left and begun anew begins with current rows, whoever looked before. */
  @ParameterizedTest
  @FieldSource("BATCH_SIZES")
  void anEpochThatIsLeftAndBegunAnew(int batchSize) {
    TrainingJob job = job(Mf.biased(7), ADAM, batchSize);
    try (TrainingSession literal = Backends.select("scalar").backend().openTraining(job);
        TrainingSession session = backend.openTraining(job);
        TrainingSession watched = backend.openTraining(job)) {
      for (TrainingSession each : List.of(literal, session, watched)) {
        each.run(0, 0, 3);
      }
      watched.state();
      watched.keep(Slot.LAST_GOOD);
      for (TrainingSession each : List.of(literal, session, watched)) {
        each.run(0, 0, job.batchesPerEpoch());
      }
      assertNear(literal.state(), session.state(), "begun anew");
      assertSameBits(
          session.weights(Slot.CURRENT), watched.weights(Slot.CURRENT), "looked at before");
    }
  }

  /** The largest mean squared error of some batches: one after them is larger. */
  private double errorOfFirst(TrainingJob job, int batches) {
    double largest = 0;
    double before = 0;
    try (TrainingSession session = backend.openTraining(job)) {
      for (int batch = 0; batch < batches; batch++) {
        double errors = session.run(0, batch, batch + 1).squaredError();
        largest = Math.max(largest, (errors - before) / job.batchSize());
        before = errors;
      }
    }
    return largest;
  }

  @ParameterizedTest
  @FieldSource("BATCH_SIZES")
  void nothingMovesAfterABatchThatDiverged(int batchSize) {
    TrainingJob tame = job(Mf.biased(8), new Adam(2), batchSize);
    TrainingJob wild =
        new TrainingJob(
            ratings,
            tame.spec(),
            tame.optimizer(),
            batchSize,
            true,
            tame.seed(),
            1,
            1.001 * errorOfFirst(tame, 2),
            tame.start());
    try (TrainingSession session = backend.openTraining(wild);
        TrainingSession upTo = backend.openTraining(wild)) {
      EpochTotals totals = session.run(0, 0, wild.batchesPerEpoch());
      assertTrue(totals.diverged() && totals.divergedBatch() > 1, totals::toString);
      upTo.run(0, 0, totals.divergedBatch());
      TrainingState expected = upTo.state();
      TrainingState state = session.state();
      assertEquals(totals.divergedBatch(), state.step());
      assertSameBits(expected.weights(), state.weights(), "weights");
      for (int slot = 0; slot < 2; slot++) {
        assertSameBits(expected.slots().get(slot), state.slots().get(slot), "slot " + slot);
      }
    }
  }
}
