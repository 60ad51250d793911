package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.Arrays;

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

  /** Ratings that span so many times as much, or as little, are left as they are: half stars. */
  private static final double CLOSE = 4.0 / 3;

  /** Ratings that tell how far all of them are apart. */
  private static final int SAMPLE = 1 << 14;

  /** One of so many is not looked at, at either end. */
  private static final int OUTER = 100;

  private TunedOptions() {}

  /** With a model with biases. */
  static TrainingOptions perRating() {
    return sgd(RATE_OF_RATING).updates(Updates.PER_RATING).build();
  }

  /** The same in batches. */
  static TrainingOptions inBatches(int batchSize) {
    return sgd(RATE_OF_RATING * batchSize).batchSize(batchSize).build();
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
    return spec.l2() > 0 ? inBatches(BATCH_SIZE) : perRating();
  }

  static TrainingOptions of(Mf spec, Ratings ratings) {
    TrainingOptions options = of(spec);
    return options.updates() == Updates.PER_RATING
        ? options.toBuilder().ratingUnit(unit(ratings)).build()
        : inBatches(spec, ratings);
  }

  static TrainingOptions inBatches(Mf spec, Ratings ratings) {
    TrainingOptions options =
        spec.head() == Mf.Head.DENSE
            ? of(spec)
            : inBatches(ratings.size() == 0 ? BATCH_SIZE : steadyBatch(ratings));
    return options.toBuilder().ratingUnit(unit(ratings)).build();
  }

  static double rate(Ratings ratings, int batchSize) {
    return RATE_OF_RATING * Math.min(batchSize, ratings.size());
  }

  static double unit(Ratings ratings) {
    double unit = usualSpan(ratings) / MOVIE_LENS_SPAN;
    return unit == 0 || (unit >= 1 / CLOSE && unit <= CLOSE) ? 1 : unit;
  }

  /** How far the ratings are apart without the {@value #OUTER}th part at either end. */
  static double usualSpan(Ratings ratings) {
    if (ratings.size() == 0) {
      return 0;
    }
    float[] values = new float[(int) Math.min(SAMPLE, ratings.size())];
    double step = (double) ratings.size() / values.length;
    for (int at = 0; at < values.length; at++) {
      values[at] = ratings.value((long) (at * step));
    }
    Arrays.sort(values);
    int outer = values.length / OUTER;
    double usual = (double) values[values.length - 1 - outer] - values[outer];
    return usual > 0 ? usual : (double) ratings.maxValue() - ratings.minValue();
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
