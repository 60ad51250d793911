package io.github.gpumf.backend;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every backend's training promises, with an update per batch. A backend's own test only says
 * which backend it is.
 */
public abstract class BackendContract extends TrainingContract {
  static List<Arguments> optimizersAndSpecs() {
    List<Arguments> all = new ArrayList<>();
    for (Optimizer optimizer : optimizers()) {
      for (Mf spec : specs(5)) {
        all.add(Arguments.of(optimizer, spec));
      }
    }
    return all;
  }

  private static long planned(MemoryPlan plan, String part) {
    return plan.parts().stream()
        .filter(each -> each.name().equals(part))
        .mapToLong(MemoryPlan.Part::bytes)
        .sum();
  }

  /** Which parts there are is up to the backend; weights and optimizer state are everywhere. */
  @ParameterizedTest
  @MethodSource("optimizers")
  void plansGrowWithWhatIsTrained(Optimizer optimizer) {
    for (Mf spec : specs(16)) {
      TrainingShape shape =
          new TrainingShape(
              5000,
              false,
              300,
              200,
              spec,
              optimizer,
              Updates.PER_BATCH,
              Precision.SINGLE,
              64,
              2,
              0,
              false,
              false);
      MemoryPlan plan = backend().plan(shape);
      long numbers = Float.BYTES * shape.numbers(16);
      long ofSlots =
          (long) Float.BYTES
              * TrainingState.slotNames(optimizer).size()
              * shape.numbers(TrainingState.slotColumns(optimizer, 16));
      long padding = 1024; // a few vectors or float4 at the end of each table
      long weights = planned(plan, "weights");
      long state = planned(plan, "optimizer state");
      assertTrue(weights >= numbers && weights <= numbers + padding, plan::toString);
      assertTrue(state >= ofSlots && state <= ofSlots + 2 * padding, plan::toString);
      assertTrue(plan.neededBytes() >= weights + state, plan::toString);
      assertTrue(plan.fits(), plan::toString);
      assertTrue(
          backend().plan(shape.withHeldOut(900, true)).neededBytes()
              >= plan.neededBytes() + numbers,
          "the best epoch's weights take room");
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndSpecs")
  void followsTheFormulas(Optimizer optimizer, Mf spec) {
    Mf away = spec.withInitializer(new UniformInitializer(0.1, 0.5));
    assertFollowsReference(job(ratings(23, 17, 300, true), away, optimizer, 16, 2), 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129})
  void followsTheFormulasForAnyNumberOfFactors(int factors) {
    for (Optimizer optimizer : optimizers()) {
      Mf spec =
          Mf.biased(factors)
              .withL2(0.01)
              .withInitializer(new UniformInitializer(0.1 / factors, 1.0 / factors));
      assertFollowsReference(job(ratings(19, 31, 97, false), spec, optimizer, 32, 3), 2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 999, 1000, 5000})
  void followsTheFormulasForAnyBatchSize(int batchSize) {
    Ratings ratings = ratings(200, 150, 1000, false);
    for (Optimizer optimizer : List.of(new Sgd(0.05), new AdaGrad(0.02))) {
      Mf spec = Mf.biased(4).withInitializer(new UniformInitializer(0.1, 0.5));
      int epochs = batchSize == 1 ? 1 : 2;
      assertFollowsReference(job(ratings, spec, optimizer, batchSize, 2), epochs);
    }
  }

  @Test
  void oneRatingIsFitted() {
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1);
    Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
    TrainingJob job = job(one, spec, new Sgd(0.125), 8, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      // y = 1 * 1 + 0 + 0, e = -2, gradients 2 e = -4: p and q move to 1.5, the biases to 0.5.
      EpochTotals report = session.run(0, 0, 1);
      assertEquals(new EpochTotals(1, 4, 4, -1), report);
      Weights weights = session.weights(Slot.CURRENT);
      assertEquals(1.5f, weights.userFactors().get(0, 0));
      assertEquals(1.5f, weights.itemFactors().get(0, 0));
      assertEquals(0.5f, requireNonNull(weights.userBias()).get(0, 0));
      assertEquals(0.5f, requireNonNull(weights.itemBias()).get(0, 0));
      // 1.5 * 1.5 + 0.5 + 0.5 = 3.25
      assertEquals(0.0625, session.squaredError(one));
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndSpecs")
  void threadsAndPiecesDoNotChangeABit(Optimizer optimizer, Mf spec) {
    Ratings ratings = ratings(700, 400, 5000, true);
    Weights expected = train(job(ratings, spec, optimizer, 1500, 1), 2);
    for (int threads : new int[] {2, 3, 8}) {
      assertSameBits(
          expected,
          train(job(ratings, spec, optimizer, 1500, threads), 2),
          threads + " threads, " + optimizer);
    }
    TrainingJob job = job(ratings, spec, optimizer, 1500, 2);
    try (TrainingSession session = backend().openTraining(job);
        TrainingSession whole = backend().openTraining(job)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        session.run(epoch, 0, 1);
        session.run(epoch, 1, 3);
        session.run(epoch, 3, 3);
        assertEquals(
            whole.run(epoch, 0, job.batchesPerEpoch()),
            session.run(epoch, 3, job.batchesPerEpoch()),
            "totals have the same bits too");
      }
      assertSameBits(expected, session.weights(Slot.CURRENT), "in pieces, " + optimizer);
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndSpecs")
  void goesOnFromAState(Optimizer optimizer, Mf spec) {
    Ratings ratings = ratings(50, 40, 500, false);
    TrainingJob job = job(ratings, spec, optimizer, 64, 2);
    Weights expected = train(job, 3);
    TrainingState middle;
    try (TrainingSession session = backend().openTraining(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      middle = session.state();
    }
    assertEquals(job.batchesPerEpoch(), middle.step());
    TrainingJob rest = new TrainingJob(ratings, spec, optimizer, 64, true, 11, 1, 1e6, middle);
    try (TrainingSession session = backend().openTraining(rest)) {
      session.run(1, 0, job.batchesPerEpoch());
      session.run(2, 0, job.batchesPerEpoch());
      assertSameBits(expected, session.weights(Slot.CURRENT), optimizer + ", " + spec);
    }
  }

  @Test
  void singlePrecisionIsForEveryBackend() {
    assertEquals(Precision.SINGLE, backend().precision(Precision.SINGLE));
  }

  @Test
  void looksDoNotChangeABit() {
    Ratings ratings = ratings(700, 400, 3000, false);
    for (Optimizer optimizer : optimizers()) {
      TrainingJob job = job(ratings, Mf.biased(5), optimizer, 64, 2);
      Weights expected = train(job, 2);
      try (TrainingSession session = backend().openTraining(job)) {
        for (int epoch = 0; epoch < 2; epoch++) {
          session.run(epoch, 0, 10);
          Weights seen = session.weights(Slot.CURRENT);
          assertSameBits(seen, session.state().weights(), "looked twice, " + optimizer);
          session.squaredError(ratings);
          session.keep(Slot.BEST);
          assertSameBits(seen, session.weights(Slot.BEST), "kept, " + optimizer);
          session.run(epoch, 10, job.batchesPerEpoch());
        }
        assertSameBits(expected, session.weights(Slot.CURRENT), "looked at, " + optimizer);
      }
    }
  }

  @Test
  void rowsOutsideTheBatchRestUnlessTheyMust() {
    // User 2 and item 2 have no rating at all.
    Ratings ratings =
        Ratings.of(new int[] {0, 1, 0}, new int[] {0, 1, 1}, new float[] {4, 2, 5}, 3, 3);
    for (Optimizer optimizer : optimizers()) {
      TrainingJob job = job(ratings, Mf.biased(3), optimizer, 1, 2);
      Weights start = job.start().weights();
      Weights end = train(job, 2);
      for (int column = 0; column < 3; column++) {
        assertEquals(start.userFactors().get(2, column), end.userFactors().get(2, column));
        assertEquals(start.itemFactors().get(2, column), end.itemFactors().get(2, column));
      }
      assertEquals(0, requireNonNull(end.userBias()).get(2, 0));
    }
    TrainingJob shrinking = job(ratings, Mf.biased(3).withL2(0.1), new Sgd(0.1), 1, 2);
    float before = shrinking.start().weights().userFactors().get(2, 0);
    assertEquals(
        before * Math.pow(1 - 0.1 * 2 * 0.1, 6),
        train(shrinking, 2).userFactors().get(2, 0),
        1e-7,
        "six steps of Keras' L2");
  }

  @Test
  void reportsTheBatchThatDiverges() {
    Ratings ratings = ratings(20, 20, 100, false);
    TrainingJob job = job(ratings, Mf.biased(4), new Sgd(1e5), 10, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      EpochTotals report = session.run(0, 0, job.batchesPerEpoch());
      assertTrue(report.divergedBatch() > 0, () -> "first step is still finite: " + report);
      assertEquals((report.divergedBatch() + 1) * 10, report.ratings(), "nothing ran after it");
    }
  }

  @Test
  void keepsOnlyFiniteWeights() {
    Ratings ratings = ratings(20, 20, 100, false);
    TrainingJob job =
        new TrainingJob(
            ratings,
            Mf.biased(4),
            new Sgd(1e30),
            10,
            true,
            1,
            2,
            Double.MAX_VALUE,
            TrainingState.initial(ratings, Mf.biased(4), new Sgd(1), 3));
    try (TrainingSession session = backend().openTraining(job)) {
      assertThrows(IllegalStateException.class, () -> session.weights(Slot.BEST));
      assertTrue(session.keep(Slot.LAST_GOOD));
      session.run(0, 0, job.batchesPerEpoch());
      assertFalse(session.keep(Slot.LAST_GOOD));
      assertSameBits(
          job.start().weights(), session.weights(Slot.LAST_GOOD), "what was kept before stays");
      assertThrows(IllegalArgumentException.class, () -> session.keep(Slot.CURRENT));
    }
  }

  @Test
  void keptWeightsDoNotChange() {
    TrainingJob job = job(ratings(20, 20, 100, false), Mf.biased(4), new LazyAdam(0.1), 10, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      session.run(0, 0, 5);
      Weights before = session.weights(Slot.CURRENT);
      session.keep(Slot.BEST);
      session.run(0, 5, 10);
      session.keep(Slot.LAST_GOOD);
      assertSameBits(before, session.weights(Slot.BEST), "kept after half an epoch");
      assertSameBits(session.weights(Slot.CURRENT), session.weights(Slot.LAST_GOOD), "kept last");
      assertTrue(WeightsAssert.largestDifference(before, session.weights(Slot.CURRENT)) > 0);
    }
  }

  @Test
  void squaredErrorIsThatOfClippedPredictions() {
    Ratings ratings = ratings(60, 50, 3000, true);
    for (Mf spec : specs(9)) {
      Mf wild = spec.withInitializer(new UniformInitializer(-2, 2));
      TrainingJob job = job(ratings, wild, new Sgd(1e-3), 100, 2);
      double expected = 0;
      Weights start = job.start().weights();
      for (long row = 0; row < ratings.size(); row++) {
        double prediction = start.score(ratings.user(row), ratings.item(row)) + job.offset();
        if (spec.clip()) {
          prediction = Math.clamp(prediction, 1.0, 5.0);
        }
        expected += Math.pow(prediction - ratings.value(row), 2);
      }
      try (TrainingSession session = backend().openTraining(job)) {
        assertEquals(expected, session.squaredError(ratings), 1e-5 * expected);
      }
    }
  }
}
