package io.github.gpumf.train;

import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Small trainings with awkward sizes for the tests of this package. */
final class Trainings {
  static final List<Mf> SPECS =
      List.of(Mf.basic(3), Mf.l2(5, 1e-3), Mf.biased(4).withMeanOffset(true).withClip(true));

  static final List<Optimizer> OPTIMIZERS =
      List.of(
          new Adam(LearningRate.cosine(0.01, 7).withWarmUp(1.5)),
          new LazyAdam(0.01),
          new Sgd(LearningRate.exponential(0.05, 0.9)),
          new AdaGrad(0.05),
          new AdaGrad(LearningRate.constant(0.05), AdaGrad.Accumulator.ROW, 1e-10));

  static final Ratings RATINGS = ratings(103, 1);

  static final Ratings VALIDATION = ratings(37, 2);

  /** The biases learn the mean, the factors then learn noise: the validation RMSE falls, rises. */
  static final Mf OVERFITTING = Mf.biased(4);

  static final Optimizer FAST = new Adam(0.1);

  /** The same in every epoch, so that a training of n epochs is the beginning of a longer one. */
  static final Optimizer CONSTANT = new Sgd(0.05);

  private Trainings() {}

  /** Random ratings 1..5 of 11 items by 13 users; the last user and item have none. */
  static Ratings ratings(int size, long seed) {
    CounterRandom random = CounterRandom.of(seed, Purpose.SYNTHETIC, 0);
    int[] users = new int[size];
    int[] items = new int[size];
    float[] values = new float[size];
    for (int row = 0; row < size; row++) {
      users[row] = (int) (12 * random.uniform(3L * row));
      items[row] = (int) (10 * random.uniform(3L * row + 1));
      values[row] = 1 + (int) (5 * random.uniform(3L * row + 2));
    }
    return Ratings.of(users, items, values, 13, 11);
  }

  static TrainingOptions.Builder options(Optimizer optimizer) {
    return TrainingOptions.builder(optimizer)
        .backend("scalar")
        .threads(1)
        .batchSize(16)
        .seed(42)
        .epochs(7);
  }

  /** Trains on {@link #RATINGS}. */
  static TrainingResult train(@Nullable Ratings validation, Mf spec, TrainingOptions options) {
    return new Trainer(RATINGS, validation, spec, options).train();
  }

  /** Weights of {@link #RATINGS} after so many epochs, without early stopping. */
  static Weights weightsAfter(int epochs, Mf spec, TrainingOptions options) {
    return train(null, spec, options.toBuilder().epochs(epochs).earlyStopping(null).build())
        .model()
        .weights();
  }

  /** Does something at the end of an epoch. */
  static TrainingListener atEndOf(int epoch, Runnable action) {
    return new TrainingListener() {
      @Override
      public void epochEnded(EpochReport report) {
        if (report.epoch() == epoch) {
          action.run();
        }
      }
    };
  }

  static double rmse(MfModel model, Ratings ratings) {
    double sum = 0;
    for (long row = 0; row < ratings.size(); row++) {
      double prediction = model.predictAt(ratings.user(row), ratings.item(row));
      sum += Math.pow(prediction - ratings.value(row), 2);
    }
    return Math.sqrt(sum / ratings.size());
  }
}
