package io.github.gpumf.bench.peers;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.TrainingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The ways in which GpuMf trains in a contest. A new one is a constant here, and a contestant where
 * {@link Contestants} is to enter it.
 */
enum Recipe {
  /** Keras' Adam at Keras' rate. */
  ADAM {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return TrainingOptions.builder(new Adam(1e-3));
    }
  },

  /** Adam on the batch's rows alone. */
  LAZY_ADAM {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return TrainingOptions.builder(new LazyAdam(1e-3));
    }
  },

  /** Plain descent; the rate is held back in large batches, where popular items would overshoot. */
  SGD {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      int steady = Math.min(batchSize, 1024);
      return TrainingOptions.builder(new Sgd(TrainingOptions.tunedRate(ratings, steady) / 2));
    }
  },

  /** Keras' Adam, for accuracy: the rate and the regularization that the peers have there. */
  REGULARIZED_ADAM {
    @Override
    Mf spec(int factors) {
      return super.spec(factors).withRegularization(REGULARIZATION, 0);
    }

    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return TrainingOptions.builder(new Adam(LEARNING_RATE));
    }
  },

  /** The library's defaults. */
  TUNED {
    @Override
    Mf spec(int factors) {
      return Mf.tuned(factors);
    }

    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return TrainingOptions.tunedFor(spec(1), ratings).toBuilder();
    }

    @Override
    boolean isWhole() {
      return true;
    }
  },

  /** The library's defaults in batches. */
  TUNED_IN_BATCHES {
    @Override
    Mf spec(int factors) {
      return Mf.tuned(factors);
    }

    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return TrainingOptions.tunedInBatchesFor(spec(1), ratings).toBuilder();
    }

    @Override
    boolean isWhole() {
      return true;
    }
  },

  /** Plain descent, a rating at a time. */
  SGD_PER_RATING {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return perRating(new Sgd(TrainingOptions.tunedRate(ratings, 1) / 2));
    }
  },

  /** AdaGrad with one accumulator a row, a rating at a time: what LIBMF does, but for two a row. */
  ADAGRAD_PER_RATING {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return perRating(new AdaGrad(LearningRate.constant(0.045), Accumulator.ROW, 1e-10));
    }
  },

  /** Adam on the rating's rows, a rating at a time. */
  LAZY_ADAM_PER_RATING {
    @Override
    TrainingOptions.Builder options(Ratings ratings, int batchSize) {
      return perRating(new LazyAdam(1e-3));
    }
  };

  /** Adam's rate for accuracy; in TensorFlow it gives a lower RMSE than 0.004. */
  static final double LEARNING_RATE = 0.002;

  /** Of factors, for accuracy; in TensorFlow better than 0.03. */
  static final double REGULARIZATION = 0.055;

  /** What is timed in batches, on every backend. */
  static final List<Recipe> IN_BATCHES = List.of(ADAM, LAZY_ADAM, SGD);

  /** What is timed a rating at a time, on backends that can. */
  static final List<Recipe> PER_RATING =
      List.of(SGD_PER_RATING, ADAGRAD_PER_RATING, LAZY_ADAM_PER_RATING);

  /** As the command line and the results write it. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Recipe of(String label) {
    return Arrays.stream(values())
        .filter(recipe -> recipe.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no recipe " + label));
  }

  /** The model: with its mean offset, what the peers train, too. */
  Mf spec(int factors) {
    return Mf.biased(factors).withMeanOffset(true);
  }

  /** How to train; epochs, batch, threads and backend are the contest's. */
  abstract TrainingOptions.Builder options(Ratings ratings, int batchSize);

  /** Whether batch and epochs are the recipe's own. */
  boolean isWhole() {
    return false;
  }

  /** Whether the size of a batch can be chosen. */
  final boolean hasBatches() {
    return !isWhole() && !PER_RATING.contains(this);
  }

  private static TrainingOptions.Builder perRating(Optimizer optimizer) {
    return TrainingOptions.builder(optimizer).updates(Updates.PER_RATING);
  }
}
