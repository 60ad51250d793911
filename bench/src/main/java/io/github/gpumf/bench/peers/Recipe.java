package io.github.gpumf.bench.peers;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Sgd;
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
    boolean choosesBatch() {
      return true;
    }
  };

  /** Adam's rate for accuracy; of 0.001, 0.002 and 0.004 the best in TensorFlow. */
  static final double LEARNING_RATE = 0.002;

  /** Per rating, for accuracy; in TensorFlow better than 0.03, and the one of {@link Mf#tuned}. */
  static final double REGULARIZATION = 0.055;

  /** What is timed on every backend. */
  static final List<Recipe> TIMED = List.of(ADAM, LAZY_ADAM, SGD);

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
  boolean choosesBatch() {
    return false;
  }
}
