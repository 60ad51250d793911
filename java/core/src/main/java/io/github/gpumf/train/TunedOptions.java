package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;

/** The numbers behind {@link TrainingOptions#tuned}. */
final class TunedOptions {
  private static final int EPOCHS = 20;
  private static final int BATCH_SIZE = 256;
  private static final double RATE_OF_RATING = 17.0 / 1024;
  private static final int DENSE_EPOCHS = 5;
  private static final double DENSE_RATE = 0.002;

  /**
   * Ratings of one user or item in a batch. Each moves the row's bias by 2 * 17 / 1024 of the error
   * and its factors by as much again or twice, so that of 23 together the bias goes three quarters
   * of its way; at 60 it would overshoot to the same error on the other side.
   */
  private static final long MOST_OF_A_ROW = 23;

  /** From one star to five. */
  private static final double MOVIE_LENS_SPAN = 4;

  private TunedOptions() {}

  /** With a model with biases, and a rate divided by how much the ratings' span is larger. */
  static TrainingOptions perRating(double divisor) {
    return sgd(RATE_OF_RATING / divisor).updates(Updates.PER_RATING).build();
  }

  /** The same in batches. */
  static TrainingOptions inBatches(int batchSize, double divisor) {
    return sgd(RATE_OF_RATING * batchSize / divisor).batchSize(batchSize).build();
  }

  private static TrainingOptions.Builder sgd(double rate) {
    return TrainingOptions.builder(new Sgd(LearningRate.cosine(rate, EPOCHS))).epochs(EPOCHS);
  }

  static TrainingOptions of(Mf spec) {
    if (spec.head() == Mf.Head.DENSE) {
      return TrainingOptions.builder(new LazyAdam(LearningRate.cosine(DENSE_RATE, DENSE_EPOCHS)))
          .epochs(DENSE_EPOCHS)
          .batchSize(BATCH_SIZE)
          .build();
    }
    return spec.l2() > 0 ? inBatches(BATCH_SIZE, 1) : perRating(1);
  }

  static TrainingOptions of(Mf spec, Ratings ratings) {
    return of(spec).updates() == Updates.PER_RATING && ratings.size() > 0
        ? perRating(divisor(ratings))
        : inBatches(spec, ratings);
  }

  static TrainingOptions inBatches(Mf spec, Ratings ratings) {
    if (spec.head() == Mf.Head.DENSE) {
      return of(spec);
    }
    return ratings.size() == 0
        ? inBatches(BATCH_SIZE, 1)
        : inBatches(steadyBatch(ratings), divisor(ratings));
  }

  static double rate(Ratings ratings, int batchSize) {
    int filled = (int) Math.min(batchSize, ratings.size());
    return RATE_OF_RATING * filled / divisor(ratings);
  }

  private static double divisor(Ratings ratings) {
    double span = (double) ratings.maxValue() - ratings.minValue();
    return Math.max(1, span / MOVIE_LENS_SPAN);
  }

  private static int steadyBatch(Ratings ratings) {
    long[] ofUser = new long[ratings.userCount()];
    long[] ofItem = new long[ratings.itemCount()];
    long heaviest = 1;
    for (long row = 0; row < ratings.size(); row++) {
      heaviest = Math.max(heaviest, ++ofUser[ratings.user(row)]);
      heaviest = Math.max(heaviest, ++ofItem[ratings.item(row)]);
    }
    long limit = Math.min(ratings.size(), MOST_OF_A_ROW * ratings.size() / heaviest);
    int batchSize = (int) Math.min(BATCH_SIZE, limit);
    while (leavesTooFew(ratings.size() % batchSize, batchSize)) {
      batchSize--;
    }
    return batchSize;
  }

  private static boolean leavesTooFew(long last, int batchSize) {
    return last != 0 && 8 * last < batchSize;
  }
}
