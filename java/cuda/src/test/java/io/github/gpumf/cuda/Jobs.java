package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
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

/** Trainings for the tests of the GPU's session. */
final class Jobs {
  static final List<Optimizer> OPTIMIZERS =
      List.of(
          new Sgd(LearningRate.exponential(0.05, 0.9)),
          new Adam(LearningRate.cosine(0.01, 4)),
          new LazyAdam(0.01),
          new AdaGrad(0.05),
          new AdaGrad(LearningRate.constant(0.05), Accumulator.ROW, 1e-10));

  /** Those that can move weights with every rating. */
  static final List<Optimizer> PER_RATING =
      OPTIMIZERS.stream().filter(each -> !(each instanceof Adam)).toList();

  /** A Dense head; Keras' L2; biases and regularization a rating. */
  static final List<Mf> SPECS =
      List.of(
          Mf.basic(5), Mf.l2(8, 0.01), Mf.biased(7), Mf.biased(64).withRegularization(0.02, 0.05));

  /** What a training ends with. */
  record Outcome(EpochTotals totals, Weights weights) {}

  private Jobs() {}

  static Ratings ratings(int users, int items, int count) {
    return SyntheticRatings.movieLensLike().withSize(users, items, count).generate();
  }

  static TrainingJob job(Ratings ratings, Mf spec, Optimizer optimizer, int batchSize) {
    return job(ratings, spec, optimizer, batchSize, true);
  }

  static TrainingJob job(
      Ratings ratings, Mf spec, Optimizer optimizer, int batchSize, boolean shuffle) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        batchSize,
        shuffle,
        11,
        2,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 3));
  }

  /** With an update per rating, in some rounds of some blocks. */
  static TrainingJob perRating(Ratings ratings, Mf spec, Optimizer optimizer) {
    return perRating(ratings, spec, optimizer, Precision.SINGLE);
  }

  static TrainingJob perRating(Ratings ratings, Mf spec, Optimizer optimizer, Precision precision) {
    return perRating(ratings, spec, optimizer, precision, 2);
  }

  static TrainingJob perRating(
      Ratings ratings, Mf spec, Optimizer optimizer, Precision precision, int threads) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        Updates.PER_RATING,
        precision,
        1,
        DeviceGrid.CUT,
        true,
        11,
        threads,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 3));
  }

  /** Trains on whole epochs. */
  static Outcome train(Backend backend, TrainingJob job, int epochs) {
    try (TrainingSession session = backend.openTraining(job)) {
      EpochTotals totals = EpochTotals.NONE;
      for (int epoch = 0; epoch < epochs; epoch++) {
        totals = session.run(epoch, 0, job.batchesPerEpoch());
      }
      return new Outcome(totals, session.weights(Slot.CURRENT));
    }
  }
}
