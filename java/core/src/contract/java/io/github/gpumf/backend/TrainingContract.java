package io.github.gpumf.backend;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
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
import java.util.List;

/** Trainings of a backend, and what they are compared with: for contracts of backends. */
public abstract class TrainingContract {
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

  /** Optimizers that can move weights with every rating. */
  static List<Optimizer> perRatingOptimizers() {
    return optimizers().stream().filter(each -> !(each instanceof Adam)).toList();
  }

  static Mf away(Mf spec) {
    float size = (float) (1 / Math.sqrt(spec.factors()));
    return spec.withInitializer(new UniformInitializer(0.1f * size, size));
  }

  /** Skewed: low indices come often, so that batches hold rows many times. */
  protected static Ratings ratings(int users, int items, int count, boolean weights) {
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

  final TrainingJob perRating(
      Ratings ratings, Mf spec, Optimizer optimizer, int stripes, int threads) {
    return perRating(ratings, spec, optimizer, Precision.SINGLE, stripes, threads);
  }

  protected final TrainingJob perRating(
      Ratings ratings,
      Mf spec,
      Optimizer optimizer,
      Precision precision,
      int stripes,
      int threads) {
    RatingGrid.Cut cut = backend().cut().withStripes(stripes);
    return perRating(ratings, spec, optimizer, precision, cut, threads);
  }

  private static TrainingJob perRating(
      Ratings ratings,
      Mf spec,
      Optimizer optimizer,
      Precision precision,
      RatingGrid.Cut cut,
      int threads) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        Updates.PER_RATING,
        precision,
        1,
        cut,
        true,
        11,
        threads,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 3));
  }

  /** The message by which the backend refuses groups in an order that is not its own. */
  protected final String refusalOf(RatingGrid.Visits visits) {
    TrainingJob job =
        perRating(
            ratings(5, 5, 9, false),
            Mf.biased(2),
            new Sgd(0.1),
            Precision.SINGLE,
            new RatingGrid.Cut(1, 1, visits),
            1);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> backend().openTraining(job));
    return String.valueOf(refusal.getMessage());
  }

  final Weights train(TrainingJob job, int epochs) {
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
  final void assertFollowsReference(TrainingJob job, int epochs) {
    assertFollowsReference(job, epochs, 2e-5);
  }

  final void assertFollowsReference(TrainingJob job, int epochs, double tolerance) {
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

  final void assertSameBitsPerRating(Optimizer optimizer, Precision precision) {
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
}
