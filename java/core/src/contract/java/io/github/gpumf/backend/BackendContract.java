package io.github.gpumf.backend;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backend's training promises. A backend's own test only says which backend it is. */
public abstract class BackendContract {
  /** The backend under test. */
  protected abstract Backend backend();

  static List<Optimizer> optimizers() {
    return List.of(
        new Sgd(LearningRate.exponential(0.05, 0.9)),
        new Adam(LearningRate.cosine(0.01, 4)),
        new LazyAdam(0.01),
        new AdaGrad(LearningRate.constant(0.05).withWarmUp(1)),
        new AdaGrad(LearningRate.constant(0.05), Accumulator.ROW, 1e-10));
  }

  static List<Mf> specs(int factors) {
    return List.of(
        Mf.basic(factors),
        Mf.l2(factors, 0.01),
        Mf.biased(factors),
        Mf.tuned(factors).withL2(0.003).withRegularization(0.02, 0.05),
        Mf.basic(factors).withMeanOffset(true).withRegularization(0.1));
  }

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

  /** Skewed: low indices come often, so that batches hold rows many times. */
  static Ratings ratings(int users, int items, int count, boolean weights) {
    CounterRandom random = CounterRandom.of(7, Purpose.SYNTHETIC, 0);
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(users), IdMap.dense(items), count, false, weights);
    for (int row = 0; row < count; row++) {
      float u = random.uniform(4L * row);
      float i = random.uniform(4L * row + 1);
      builder.set(
          row,
          (int) (u * u * users),
          (int) (i * i * items),
          1 + (int) (5 * random.uniform(4L * row + 2)));
      if (weights) {
        builder.weight(row, 0.5f + random.uniform(4L * row + 3));
      }
    }
    return builder.build();
  }

  static TrainingJob job(
      Ratings ratings, Mf spec, Optimizer optimizer, int batchSize, int threads) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        batchSize,
        true,
        11,
        threads,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 3));
  }

  private Weights train(TrainingJob job, int epochs) {
    try (TrainingSession session = backend().openTraining(job)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        session.run(epoch, 0, job.batchesPerEpoch());
      }
      return session.weights(Slot.CURRENT);
    }
  }

  /**
   * Floats against doubles over some 60 steps: each step rounds a weight of size 1 by 6e-8, and
   * Adam's first steps have the sign of a gradient and little more, which is why weights start away
   * from zero here.
   */
  private void assertFollowsReference(TrainingJob job, int epochs) {
    assertFollowsReference(job, epochs, 2e-5);
  }

  private void assertFollowsReference(TrainingJob job, int epochs, double tolerance) {
    ReferenceTraining reference = new ReferenceTraining(job);
    try (TrainingSession session = backend().openTraining(job)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        EpochTotals before = EpochTotals.NONE;
        for (long batch = 0; batch < job.batchesPerEpoch(); batch++) {
          double expected = reference.step(epoch, batch);
          EpochTotals now = session.run(epoch, batch, batch + 1);
          double loss = (now.loss() - before.loss()) / (now.ratings() - before.ratings());
          assertEquals(expected, loss, tolerance * Math.max(1, expected));
          assertEquals(-1, now.divergedBatch());
          before = now;
        }
      }
      double difference =
          WeightsAssert.largestDifference(reference.weights(), session.weights(Slot.CURRENT));
      assertTrue(difference <= tolerance, () -> "weights differ by " + difference + " for " + job);
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

  /** Optimizers that can move weights with every rating. */
  static List<Optimizer> perRatingOptimizers() {
    return optimizers().stream().filter(each -> !(each instanceof Adam)).toList();
  }

  private TrainingJob perRating(
      Ratings ratings, Mf spec, Optimizer optimizer, int stripes, int threads) {
    return perRating(ratings, spec, optimizer, Precision.SINGLE, stripes, threads);
  }

  private TrainingJob perRating(
      Ratings ratings,
      Mf spec,
      Optimizer optimizer,
      Precision precision,
      int stripes,
      int threads) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        Updates.PER_RATING,
        precision,
        1,
        backend().cut().withStripes(stripes),
        true,
        11,
        threads,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 3));
  }

  private static Mf away(Mf spec) {
    float size = (float) (1 / Math.sqrt(spec.factors()));
    return spec.withInitializer(new UniformInitializer(0.1f * size, size));
  }

  /** As for batches; there are some thousand steps here, each too small to add much rounding. */
  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void followsTheFormulasWithAnUpdatePerRating(Optimizer optimizer) {
    Mf plain = away(Mf.biased(5));
    Mf tuned = away(Mf.tuned(5).withRegularization(0.02, 0.05));
    Optimizer slow = optimizer.withLearningRate(LearningRate.exponential(0.01, 0.9));
    for (boolean weights : new boolean[] {false, true}) {
      Ratings ratings = ratings(70, 50, 5000, weights);
      assertFollowsReference(perRating(ratings, plain, slow, 1, 1), 1);
      assertFollowsReference(perRating(ratings, tuned, slow, 2, 2), 2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129, 513})
  void followsTheFormulasWithAnUpdatePerRatingForAnyNumberOfFactors(int factors) {
    Ratings ratings = ratings(19, 31, 397, false);
    for (Optimizer optimizer : perRatingOptimizers()) {
      Optimizer slow = optimizer.withLearningRate(LearningRate.constant(0.01));
      Mf spec = away(Mf.biased(factors).withRegularization(0.05, 0.01));
      assertFollowsReference(perRating(ratings, spec, slow, 8, 3), 2);
    }
  }

  @Test
  void oneRatingIsFittedWithAnUpdatePerRating() {
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1);
    Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
    TrainingJob job = perRating(one, spec, new Sgd(0.125), 32, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      // As in oneRatingIsFitted.
      assertEquals(new EpochTotals(1, 4, 4, -1), session.run(0, 0, 1));
      assertEquals(1.5f, session.weights(Slot.CURRENT).userFactors().get(0, 0));
      assertEquals(0.0625, session.squaredError(one));
    }
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void threadsAndPiecesAndLooksDoNotChangeABitWithAnUpdatePerRating(Optimizer optimizer) {
    assertSameBitsPerRating(optimizer, Precision.SINGLE);
  }

  private void assertSameBitsPerRating(Optimizer optimizer, Precision precision) {
    Ratings ratings = ratings(700, 400, 40_000, true);
    Mf spec = Mf.biased(20).withRegularization(0.02, 0.05);
    Weights expected = train(perRating(ratings, spec, optimizer, precision, 32, 1), 2);
    for (int threads : new int[] {2, 3, 8}) {
      assertSameBits(
          expected,
          train(perRating(ratings, spec, optimizer, precision, 32, threads), 2),
          threads + " threads, " + optimizer);
    }
    TrainingJob job = perRating(ratings, spec, optimizer, precision, 32, 2);
    assertTrue(job.batchesPerEpoch() > 4, "rounds to cut an epoch between");
    TrainingState middle;
    try (TrainingSession session = backend().openTraining(job)) {
      session.run(0, 0, 1);
      session.squaredError(ratings);
      session.run(0, 1, 3);
      session.keep(Slot.BEST);
      session.run(0, 3, job.batchesPerEpoch());
      middle = session.state();
    }
    TrainingJob rest =
        new TrainingJob(
            ratings,
            spec,
            optimizer,
            Updates.PER_RATING,
            precision,
            1,
            job.cut(),
            true,
            11,
            1,
            1e6,
            middle);
    try (TrainingSession session = backend().openTraining(rest)) {
      session.run(1, 0, job.batchesPerEpoch());
      assertSameBits(expected, session.weights(Slot.CURRENT), "resumed, " + optimizer);
    }
  }

  /** For cases of half precision: ends the test of a backend that stores floats, which says so. */
  private void assumeHalves() {
    if (backend().precision(Precision.HALF) == Precision.HALF) {
      return;
    }
    TrainingJob job =
        perRating(ratings(5, 5, 9, false), Mf.biased(2), new Sgd(0.1), Precision.HALF, 1, 1);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> backend().openTraining(job));
    assertTrue(requireNonNull(refusal.getMessage()).contains("not HALF"), refusal::getMessage);
    Assumptions.abort(backend().name() + " stores floats");
  }

  @Test
  void singlePrecisionIsForEveryBackend() {
    assertEquals(Precision.SINGLE, backend().precision(Precision.SINGLE));
  }

  private static void assertHalves(FloatTable factors) {
    for (long row = 0; row < factors.rows(); row++) {
      for (int column = 0; column < factors.columns(); column++) {
        float factor = factors.get(row, column);
        assertEquals(Float.float16ToFloat(Float.floatToFloat16(factor)), factor);
      }
    }
  }

  /**
   * Where the reference has a sum next to the middle of two halves, floats may have it on the other
   * side: factors below 1 then differ by a half's ulp there, 2^-11, and those of the ratings after
   * it by the rate times that. Two such ulps, since a factor may meet with it twice.
   */
  private static final double TOLERANCE_OF_HALVES = 2 * 0x1p-11;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129, 257, 513})
  void followsTheFormulasInHalfPrecision(int factors) {
    assumeHalves();
    for (boolean weights : new boolean[] {false, true}) {
      Ratings ratings = ratings(19, 31, 397, weights);
      for (Optimizer optimizer : perRatingOptimizers()) {
        Optimizer slow = optimizer.withLearningRate(LearningRate.constant(0.01));
        Mf spec = away(Mf.biased(factors).withRegularization(0.05, 0.01));
        TrainingJob job = perRating(ratings, spec, slow, Precision.HALF, 8, 3);
        assertFollowsReference(job, 2, TOLERANCE_OF_HALVES);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void threadsAndPiecesAndLooksDoNotChangeABitInHalfPrecision(Optimizer optimizer) {
    assumeHalves();
    assertSameBitsPerRating(optimizer, Precision.HALF);
  }

  @ParameterizedTest
  @MethodSource("perRatingOptimizers")
  void whatLeavesASessionInHalfPrecisionIsHalves(Optimizer optimizer) {
    assumeHalves();
    Ratings ratings = ratings(70, 50, 3000, false);
    Mf spec = away(Mf.biased(6)).withMeanOffset(true);
    TrainingJob job = perRating(ratings, spec, optimizer, Precision.HALF, 4, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      assertHalves(session.weights(Slot.CURRENT).userFactors());
      assertHalves(session.weights(Slot.CURRENT).itemFactors());
      session.run(0, 0, 1);
      assertTrue(session.keep(Slot.BEST));
      assertTrue(session.keep(Slot.LAST_GOOD));
      Weights current = session.weights(Slot.CURRENT);
      assertHalves(current.userFactors());
      assertHalves(current.itemFactors());
      assertSameBits(current, session.state().weights(), "state");
      assertSameBits(current, session.weights(Slot.BEST), "best");
      assertSameBits(current, session.weights(Slot.LAST_GOOD), "last good");
      FloatTable bias = requireNonNull(current.itemBias());
      float first = bias.get(0, 0);
      assertTrue(Float.float16ToFloat(Float.floatToFloat16(first)) != first, "biases are floats");
      double expected = 0;
      for (long row = 0; row < ratings.size(); row++) {
        double score = current.score(ratings.user(row), ratings.item(row)) + job.offset();
        expected += Math.pow(score - ratings.value(row), 2);
      }
      assertEquals(expected, session.squaredError(ratings), 1e-5 * expected);
    }
  }

  @Test
  void aStartInHalfPrecisionIsRoundedToTheNearestHalf() {
    assumeHalves();
    float ulp = 0x1p-10f; // of halves from 1 on
    float[] starts = {
      1 + ulp / 2, 1 + 3 * ulp / 2, Math.nextUp(1 + ulp / 2), 0x1p-25f, 65_519.996f
    };
    float[] halves = {1, 1 + 2 * ulp, 1 + ulp, 0, 65_504};
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1);
    for (int at = 0; at < starts.length; at++) {
      Mf spec = Mf.biased(3).withInitializer(new UniformInitializer(starts[at], starts[at]));
      TrainingJob job = perRating(one, spec, new Sgd(0.1), Precision.HALF, 1, 1);
      try (TrainingSession session = backend().openTraining(job)) {
        assertEquals(halves[at], session.weights(Slot.CURRENT).userFactors().get(0, 2));
        assertEquals(halves[at], session.weights(Slot.CURRENT).itemFactors().get(0, 0));
      }
    }
  }

  /**
   * Three ratings of one user, one item, both or neither. Each moves its rows by about a quarter of
   * a half's ulp: three of them make an ulp, and one by itself is lost in rounding.
   */
  @Test
  void aRowStaysInFloatsWhileRatingsFollowEachOther() {
    assumeHalves();
    int[] same = {0, 0, 0};
    int[] others = {0, 1, 2};
    for (boolean users : new boolean[] {false, true}) {
      for (boolean items : new boolean[] {false, true}) {
        // e = 1 - value = -2^-6, so p and q move by 2 rate 2^-6 = 2^-12; halves from 1 on are 2^-10
        // apart. The two ratings after it find errors smaller by some hundredths.
        float value = 1 + 0x1p-6f;
        Ratings ratings =
            Ratings.of(
                users ? same : others,
                items ? same : others,
                new float[] {value, value, value},
                users ? 1 : 3,
                items ? 1 : 3);
        Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
        TrainingJob job = perRating(ratings, spec, new Sgd(0x1p-7), Precision.HALF, 1, 1);
        try (TrainingSession session = backend().openTraining(job)) {
          session.run(0, 0, 1);
          Weights end = session.weights(Slot.CURRENT);
          assertEquals(users ? 1 + 0x1p-10f : 1, end.userFactors().get(0, 0));
          assertEquals(items ? 1 + 0x1p-10f : 1, end.itemFactors().get(0, 0));
        }
      }
    }
  }

  @Test
  void aFactorThatNoHalfHoldsIsNotFinite() {
    assumeHalves();
    Ratings one = Ratings.of(new int[] {0}, new int[] {0}, new float[] {-30_000}, 1, 1);
    Mf spec = Mf.biased(1).withInitializer(new UniformInitializer(1, 1));
    for (Precision precision : Precision.values()) {
      // e = 30001: p and q move to 1 - 2 * 2 * 30001, which a float holds and a half does not.
      TrainingJob job = perRating(one, spec, new Sgd(2), precision, 1, 1);
      try (TrainingSession session = backend().openTraining(withLossLimit(job, Double.MAX_VALUE))) {
        assertTrue(session.keep(Slot.LAST_GOOD));
        assertEquals(-1, session.run(0, 0, 1).divergedBatch());
        assertEquals(precision == Precision.SINGLE, session.keep(Slot.LAST_GOOD));
        assertEquals(
            precision == Precision.SINGLE ? 1 - 4 * 30_001f : Float.NEGATIVE_INFINITY,
            session.weights(Slot.CURRENT).userFactors().get(0, 0));
      }
    }
  }

  private static TrainingJob withLossLimit(TrainingJob job, double limit) {
    return new TrainingJob(
        job.ratings(),
        job.spec(),
        job.optimizer(),
        job.updates(),
        job.precision(),
        job.batchSize(),
        job.cut(),
        job.shuffle(),
        job.seed(),
        job.threads(),
        limit,
        job.start());
  }

  @Test
  void halfPrecisionNeedsAnUpdatePerRating() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> TrainingJob.requirePrecision(Precision.HALF, Updates.PER_BATCH));
    assertTrue(
        requireNonNull(refusal.getMessage()).endsWith("use updates per rating or single precision"),
        refusal::getMessage);
    TrainingJob.requirePrecision(Precision.HALF, Updates.PER_RATING);
    TrainingJob.requirePrecision(Precision.SINGLE, Updates.PER_BATCH);
  }

  @Test
  void anUpdatePerRatingMovesTwoRowsOnly() {
    Ratings ratings = ratings(5, 5, 9, false);
    for (Mf spec : List.of(Mf.basic(2), Mf.biased(2).withL2(0.1))) {
      assertThrows(
          IllegalArgumentException.class, () -> perRating(ratings, spec, new Sgd(0.1), 1, 1));
    }
    IllegalArgumentException adam =
        assertThrows(
            IllegalArgumentException.class,
            () -> perRating(ratings, Mf.biased(2), new Adam(0.1), 1, 1));
    assertTrue(requireNonNull(adam.getMessage()).contains("use LazyAdam"), adam::getMessage);
  }

  @Test
  void reportsTheRoundThatDiverges() {
    Ratings ratings = ratings(200, 200, 20_000, false);
    TrainingJob job = perRating(ratings, Mf.biased(4), new Sgd(1e5), 32, 2);
    try (TrainingSession session = backend().openTraining(job)) {
      EpochTotals report = session.run(0, 0, job.batchesPerEpoch());
      assertEquals(0, report.divergedBatch());
      assertTrue(report.ratings() < ratings.size(), "nothing ran after it");
    }
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
