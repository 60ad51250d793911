package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.cuda.Jobs.Outcome;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ratings that do not fit the device train as those that do, bit for bit. */
final class StreamingTest {
  private static final int RATING_BYTES = 12;

  /** CUDA_ERROR_OUT_OF_MEMORY. */
  private static final int OUT_OF_MEMORY = 2;

  private final Backend backend = TestBackend.get();
  private final Ratings ratings = Jobs.ratings(200, 150, 3_100);

  @AfterEach
  void forgetTheBudget() {
    System.clearProperty(RatingsMemory.PROPERTY);
  }

  private static <T> T within(long bytes, Supplier<T> training) {
    System.setProperty(RatingsMemory.PROPERTY, Long.toString(bytes));
    try {
      return training.get();
    } finally {
      System.clearProperty(RatingsMemory.PROPERTY);
    }
  }

  private long tenth() {
    return ratings.size() * RATING_BYTES / 10;
  }

  /** With 9 batches a window, and 1, and with a batch that is larger than the budget. */
  @ParameterizedTest
  @CsvSource({"16, true", "130, true", "130, false", "1000, true", "5000, true"})
  void aTenthOfTheRatingsSizeIsEnough(int batchSize, boolean shuffle) {
    for (Optimizer optimizer : Jobs.OPTIMIZERS) {
      TrainingJob job = Jobs.job(ratings, Mf.biased(6), optimizer, batchSize, shuffle);
      Outcome resident = Jobs.train(backend, job, 2);
      for (int seed = 0; seed < 3; seed++) {
        int drawn = seed;
        // Another order of the two streams, where no event orders them.
        StandIn.find().ifPresent(standIn -> standIn.seed(drawn));
        Outcome streamed = within(tenth(), () -> Jobs.train(backend, job, 2));
        assertEquals(resident.totals(), streamed.totals(), () -> "seed " + drawn);
        assertSameBits(
            resident.weights(), streamed.weights(), "streamed, seed " + drawn + ", " + optimizer);
      }
    }
  }

  @Test
  void weightsOfRatingsStreamToo() {
    Ratings.Builder builder =
        Ratings.builder(ratings.users(), ratings.items(), ratings.size(), false, true);
    for (long row = 0; row < ratings.size(); row++) {
      builder
          .set(row, ratings.user(row), ratings.item(row), ratings.value(row))
          .weight(row, 0.5f + row % 7);
    }
    TrainingJob job = Jobs.job(builder.build(), Mf.basic(5), new Sgd(0.01), 100);
    Outcome resident = Jobs.train(backend, job, 2);
    Outcome streamed = within(tenth(), () -> Jobs.train(backend, job, 2));
    assertEquals(resident.totals(), streamed.totals());
    assertSameBits(resident.weights(), streamed.weights(), "weighted");
  }

  /** Pieces end in the middle of windows; an epoch is left and begun again. */
  @Test
  void piecesAndNewBeginningsDoNotMatter() {
    TrainingJob job = Jobs.job(ratings, Mf.biased(6), new LazyAdam(0.01), 100);
    Outcome resident = inPieces(job);
    Outcome streamed = within(tenth(), () -> inPieces(job));
    assertEquals(resident.totals(), streamed.totals());
    assertSameBits(resident.weights(), streamed.weights(), "in pieces");
  }

  private Outcome inPieces(TrainingJob job) {
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, 2);
      session.run(0, 2, 4);
      session.run(1, 0, 1);
      session.run(0, 0, 21);
      session.run(0, 21, 21);
      EpochTotals totals = session.run(0, 21, job.batchesPerEpoch());
      return new Outcome(totals, session.weights(Slot.CURRENT));
    }
  }

  @Test
  void theRatingsAreNotOnTheDevice() {
    StandIn standIn = TestDriver.standIn();
    TrainingJob job = Jobs.job(ratings, Mf.biased(6), new LazyAdam(0.01), 100);
    long before = standIn.count("allocated_bytes");
    long streamed = within(tenth(), () -> allocated(job)) - before;
    long resident = allocated(job) - before;
    long all = ratings.size() * RATING_BYTES;
    assertTrue(
        resident - streamed >= all - tenth(),
        () -> resident + " bytes resident, " + streamed + " streamed, ratings " + all);
  }

  private long allocated(TrainingJob job) {
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, 1);
      return TestDriver.standIn().count("allocated_bytes");
    }
  }

  @Test
  void whatIsLeftOfAStreamedTrainingIsNothing() {
    StandIn standIn = TestDriver.standIn();
    TrainingJob job = Jobs.job(ratings, Mf.biased(6), new LazyAdam(0.01), 100);
    Jobs.train(backend, job, 1); // compiles kernels
    Map<String, Long> before = standIn.alive();
    within(
        tenth(),
        () -> {
          try (TrainingSession session = backend.openTraining(job)) {
            return session.run(0, 0, 3); // the next window is on its way
          }
        });
    assertEquals(before, standIn.alive());
  }

  @Test
  void withoutRoomForAllTheyStream() {
    TrainingJob job = Jobs.job(ratings, Mf.biased(6), new LazyAdam(0.01), 100);
    Outcome resident = Jobs.train(backend, job, 2);
    StandIn standIn = TestDriver.standIn();
    standIn.resetCounts();
    Jobs.train(backend, job, 1);
    long toDevice = standIn.count("bytes_to_device");
    // Tables, slots and the scalars come first: the columns are the first of their size.
    standIn.resetCounts();
    standIn.failCall("cuMemAlloc", allocationsBeforeRatings(job), OUT_OF_MEMORY);
    Outcome streamed = Jobs.train(backend, job, 2);
    assertTrue(standIn.count("bytes_to_device") > toDevice, "every epoch copies them");
    assertSameBits(resident.weights(), streamed.weights(), "after running out of memory");
  }

  /** Weights and two slots of four tables, three scalars; then the users' column. */
  private static int allocationsBeforeRatings(TrainingJob job) {
    return 3 + 4 * (1 + job.start().slots().size()) + 1;
  }

  @Test
  void aBudgetThatIsNoNumberIsRefused() {
    TrainingJob job = Jobs.job(ratings, Mf.biased(6), new LazyAdam(0.01), 100);
    System.setProperty(RatingsMemory.PROPERTY, "2 GB");
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> backend.openTraining(job));
    assertEquals(
        "-Dgpumf.cuda.ratings is 2 GB; give bytes of device memory, such as 2000000000",
        refusal.getMessage());
  }
}
