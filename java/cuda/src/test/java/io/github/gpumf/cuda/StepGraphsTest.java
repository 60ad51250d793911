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
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that are replayed from graphs end with the bits of those that are launched one by one. */
final class StepGraphsTest {
  private static final int OUT_OF_MEMORY = 2;

  private final Backend backend = TestBackend.get();
  private final StandIn standIn = TestDriver.standIn();
  private final Ratings ratings = Jobs.ratings(90, 70, 1_203);

  @AfterEach
  void asAtTheStart() {
    System.clearProperty(StepGraphs.PROPERTY);
    System.clearProperty(Launches.PROPERTY);
    System.clearProperty(RatingsMemory.PROPERTY);
    standIn.resetCounts();
  }

  private static <T> T with(String property, String value, Supplier<T> training) {
    System.setProperty(property, value);
    try {
      return training.get();
    } finally {
      System.clearProperty(property);
    }
  }

  private static <T> T withoutGraphs(Supplier<T> training) {
    return with(StepGraphs.PROPERTY, "off", training);
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

  /**
   * 67 batches of three sizes of graphs, 5, and one: each the last one shorter; with every kernel
   * by itself, so that the small ones take graphs too.
   */
  @ParameterizedTest
  @MethodSource("optimizersAndSpecs")
  void haveTheBitsOfLaunches(Optimizer optimizer, Mf spec) {
    System.setProperty(Launches.PROPERTY, "separate");
    for (int batchSize : new int[] {18, 257, 1_203}) {
      TrainingJob job = Jobs.job(ratings, spec, optimizer, batchSize);
      standIn.resetCounts();
      Outcome launched = withoutGraphs(() -> Jobs.train(backend, job, 3));
      assertEquals(0, standIn.calls("cuGraphLaunch"));
      Outcome replayed = Jobs.train(backend, job, 3);
      assertTrue(standIn.calls("cuGraphLaunch") > 0);
      String message = "batches of " + batchSize;
      assertEquals(launched.totals(), replayed.totals(), message);
      assertSameBits(launched.weights(), replayed.weights(), message);
    }
  }

  /** One block does them up to their gradients; whole tables are moved. */
  @Test
  void soHaveSmallBatches() {
    TrainingJob job = Jobs.job(ratings, Mf.l2(8, 0.01), new Adam(0.01), 18);
    Outcome launched = withoutGraphs(() -> Jobs.train(backend, job, 3));
    standIn.resetCounts();
    Outcome replayed = Jobs.train(backend, job, 3);
    assertEquals(3 * job.batchesPerEpoch(), standIn.launches("small_gradients"));
    assertTrue(standIn.calls("cuGraphLaunch") > 0);
    assertEquals(launched.totals(), replayed.totals());
    assertSameBits(launched.weights(), replayed.weights(), "small batches");
  }

  /** Windows of a few batches, in whichever order the stand-in does what nothing orders. */
  @ParameterizedTest
  @ValueSource(ints = {18, 130})
  void soHaveStreamedRatings(int batchSize) {
    System.setProperty(Launches.PROPERTY, "separate");
    String budget = Long.toString(ratings.size() * 12 / 3);
    for (Optimizer optimizer : Jobs.OPTIMIZERS) {
      TrainingJob job = Jobs.job(ratings, Mf.biased(6), optimizer, batchSize);
      Outcome launched = withoutGraphs(() -> Jobs.train(backend, job, 2));
      for (int seed = 0; seed < 3; seed++) {
        standIn.seed(seed);
        Outcome streamed = with(RatingsMemory.PROPERTY, budget, () -> Jobs.train(backend, job, 2));
        String message = "seed " + seed + ", " + optimizer;
        assertEquals(launched.totals(), streamed.totals(), message);
        assertSameBits(launched.weights(), streamed.weights(), message);
      }
    }
  }

  /** 67 batches are 32, 32, 2 and 1: three graphs, recorded after the first 32 were launched. */
  @Test
  void areRecordedOnceAndReplayed() {
    System.setProperty(Launches.PROPERTY, "separate");
    TrainingJob job = Jobs.job(ratings, Mf.biased(64), new LazyAdam(0.01), 18);
    assertEquals(67, job.batchesPerEpoch());
    try (TrainingSession session = backend.openTraining(job)) {
      standIn.resetCounts();
      session.run(0, 0, 67);
      assertEquals(3, standIn.calls("cuGraphInstantiateWithFlags"));
      assertEquals(3, standIn.calls("cuGraphLaunch"));
      long recorded = standIn.calls("cuLaunchKernel");
      for (int epoch = 1; epoch < 4; epoch++) {
        standIn.resetCounts();
        session.run(epoch, 0, 67);
        assertEquals(0, standIn.calls("cuGraphInstantiateWithFlags"));
        assertEquals(4, standIn.calls("cuGraphLaunch"));
        assertEquals(67, standIn.launches("batch_errors"));
        assertEquals(2 * 67, standIn.launches("adam_rows"));
        assertTrue(standIn.calls("cuLaunchKernel") < recorded / 10, "the window's alone");
      }
    }
  }

  /** Runs that begin and end anywhere: another 16 and 8 and 4 are recorded, then nothing is. */
  @Test
  void piecesOfAnEpochAreReplayedToo() {
    System.setProperty(Launches.PROPERTY, "separate");
    TrainingJob job = Jobs.job(ratings, Mf.biased(7), new LazyAdam(0.01), 18);
    Outcome whole = withoutGraphs(() -> Jobs.train(backend, job, 2));
    try (TrainingSession session = backend.openTraining(job)) {
      long[] ends = {1, 3, 7, 22, 53, 53, 67};
      standIn.resetCounts();
      EpochTotals totals = EpochTotals.NONE;
      for (int epoch = 0; epoch < 2; epoch++) {
        long from = 0;
        for (long end : ends) {
          totals = session.run(epoch, from, end);
          from = end;
        }
      }
      assertEquals(5, standIn.calls("cuGraphInstantiateWithFlags"), "16, 8, 4, 2 and 1");
      assertEquals(2 * 67, standIn.launches("batch_errors"));
      assertEquals(whole.totals(), totals);
      assertSameBits(whole.weights(), session.weights(Slot.CURRENT), "in pieces");
    }
  }

  /** Cancelled in the middle of an epoch, and begun anew: no graph remembers where it was. */
  @Test
  void anEpochThatIsLeftAndBegunAnew() {
    System.setProperty(Launches.PROPERTY, "separate");
    TrainingJob job = Jobs.job(ratings, Mf.biased(7), new Adam(0.01), 18);
    Outcome launched = withoutGraphs(() -> leaveAndBegin(job));
    Outcome replayed = leaveAndBegin(job);
    assertEquals(launched.totals(), replayed.totals());
    assertSameBits(launched.weights(), replayed.weights(), "begun anew");
  }

  private Outcome leaveAndBegin(TrainingJob job) {
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, 40);
      session.run(0, 40, 45);
      session.run(0, 0, 67);
      EpochTotals totals = session.run(1, 0, 50);
      return new Outcome(totals, session.weights(Slot.CURRENT));
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

  @Test
  void nothingMovesAfterABatchThatDivergedInAGraph() {
    System.setProperty(Launches.PROPERTY, "separate");
    for (Optimizer wild : List.of(new Sgd(50), new Adam(2), new LazyAdam(2))) {
      TrainingJob tame = Jobs.job(ratings, Mf.biased(4), wild, 18);
      TrainingJob job =
          new TrainingJob(
              ratings,
              tame.spec(),
              wild,
              18,
              true,
              tame.seed(),
              1,
              1.001 * errorOfFirst(tame, 3),
              tame.start());
      try (TrainingSession session = backend.openTraining(job);
          TrainingSession upTo = backend.openTraining(job)) {
        EpochTotals totals = session.run(0, 0, job.batchesPerEpoch());
        long diverged = totals.divergedBatch();
        assertTrue(totals.diverged() && diverged > 2 && diverged < 64, totals::toString);
        for (long batch = 0; batch < diverged; batch++) {
          upTo.run(0, batch, batch + 1);
        }
        TrainingState state = session.state();
        assertEquals(diverged, state.step());
        assertSameBits(upTo.state().weights(), state.weights(), "weights, " + wild);
        assertEquals(totals, session.run(0, 67, 67), "and so it stays");
      }
    }
  }

  @Test
  void areClosedWithTheSession() {
    TrainingJob job = Jobs.job(ratings, Mf.biased(8), new Adam(0.01), 257);
    Jobs.train(backend, job, 1); // compiles kernels
    Map<String, Long> before = standIn.alive();
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      session.run(1, 0, job.batchesPerEpoch());
      assertEquals(
          before.getOrDefault("graphs", 0L) + 2, standIn.count("graphs"), "5 batches: 4 and 1");
    }
    assertEquals(before, standIn.alive());
  }

  /** Plans do not count what a driver takes for a graph: without it a training goes on. */
  @Test
  void withoutMemoryForAGraphTheLaunchesFollowOneByOne() {
    TrainingJob job = Jobs.job(ratings, Mf.biased(8), new Adam(0.01), 257);
    Outcome expected = Jobs.train(backend, job, 2);
    for (int use = 1; use <= 2; use++) {
      standIn.resetCounts();
      standIn.failCall("cuGraphInstantiateWithFlags", use, OUT_OF_MEMORY);
      Outcome outcome = Jobs.train(backend, job, 2);
      assertEquals(use, standIn.calls("cuGraphInstantiateWithFlags"));
      assertEquals(expected.totals(), outcome.totals());
      assertSameBits(expected.weights(), outcome.weights(), "graph " + use + " failed");
    }
  }

  /** More batches than go to the device at a time. */
  @Test
  void aLongWindowGoesToTheDeviceInPieces() {
    System.setProperty(Launches.PROPERTY, "separate");
    Ratings many = Jobs.ratings(60, 40, 500);
    Ratings.Builder builder = Ratings.builder(many.users(), many.items(), 4_200, false, false);
    for (int row = 0; row < 4_200; row++) {
      int of = row % 500;
      builder.set(row, many.user(of), many.item(of), many.value(of));
    }
    TrainingJob job = Jobs.job(builder.build(), Mf.biased(2), new Sgd(0.01), 1);
    Outcome launched = withoutGraphs(() -> Jobs.train(backend, job, 1));
    Outcome replayed = Jobs.train(backend, job, 1);
    assertEquals(launched.totals(), replayed.totals());
    assertSameBits(launched.weights(), replayed.weights(), "4,200 batches");
  }
}
