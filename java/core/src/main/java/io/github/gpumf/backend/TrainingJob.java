package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;

/**
 * What a session trains.
 *
 * @param ratings training ratings; at least one
 * @param spec the model
 * @param optimizer how weights move
 * @param updates how often weights move
 * @param precision how factors are stored; one that the backend can do
 * @param batchSize ratings a step; the last batch of an epoch may be smaller; at least 1. Without
 *     meaning where every rating is a step
 * @param cut where every rating is a step, how its {@link RatingGrid} is cut. The result depends on
 *     it
 * @param shuffle whether each epoch has an order of its own ({@link EpochOrder}) or all have that
 *     of the ratings or, where every rating is a step, of {@link RatingGrid}
 * @param seed of the order
 * @param threads at most so many; at least 1. The result does not depend on it
 * @param lossLimit a batch whose mean squared error is not at most this has diverged; positive
 * @param start weights and optimizer state to start from; copied
 */
public record TrainingJob(
    Ratings ratings,
    Mf spec,
    Optimizer optimizer,
    Updates updates,
    Precision precision,
    int batchSize,
    RatingGrid.Cut cut,
    boolean shuffle,
    long seed,
    int threads,
    double lossLimit,
    TrainingState start) {
  /** What goes with every model and optimizer. */
  private static final String IN_BATCHES =
      "an update per batch (--updates batch, Updates.PER_BATCH)";

  /** Checks the numbers. */
  public TrainingJob {
    if (ratings.size() == 0) {
      throw new IllegalArgumentException("there are no ratings to train on; give at least one");
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size must be at least 1, not " + batchSize);
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    if (!(lossLimit > 0)) {
      throw new IllegalArgumentException("loss limit must be positive, not " + lossLimit);
    }
    requireUpdates(updates, spec, optimizer);
    requirePrecision(precision, updates);
    start.check(ratings, spec, optimizer);
  }

  /**
   * A job with an update per batch, in floats.
   *
   * @param ratings training ratings; at least one
   * @param spec the model
   * @param optimizer how weights move
   * @param batchSize ratings a step
   * @param shuffle whether each epoch has an order of its own
   * @param seed of the order
   * @param threads at most so many
   * @param lossLimit a batch whose mean squared error is not at most this has diverged
   * @param start weights and optimizer state to start from
   */
  public TrainingJob(
      Ratings ratings,
      Mf spec,
      Optimizer optimizer,
      int batchSize,
      boolean shuffle,
      long seed,
      int threads,
      double lossLimit,
      TrainingState start) {
    this(
        ratings,
        spec,
        optimizer,
        Updates.PER_BATCH,
        Precision.SINGLE,
        batchSize,
        RatingGrid.Cut.OF_PROCESSOR,
        shuffle,
        seed,
        threads,
        lossLimit,
        start);
  }

  /**
   * Checks that a model can be trained with so many updates.
   *
   * @param updates how often weights move
   * @param spec the model
   * @param optimizer how they move
   * @throws IllegalArgumentException if every rating would move more than its two rows
   */
  public static void requireUpdates(Updates updates, Mf spec, Optimizer optimizer) {
    if (updates == Updates.PER_BATCH) {
      return;
    }
    if (spec.head() != Mf.Head.BIASES) {
      throw new IllegalArgumentException(
          "an update per rating needs a model with biases: all ratings share the numbers of a Dense"
              + " head; use biases (--model biased, Mf.biased) or "
              + IN_BATCHES);
    }
    if (spec.l2() > 0) {
      throw new IllegalArgumentException(
          "an update per rating cannot have Keras' L2 of "
              + spec.l2()
              + ", which moves whole tables; use regularization per rating (--regularization,"
              + " Mf.withRegularization) or "
              + IN_BATCHES);
    }
    if (optimizer instanceof Adam) {
      throw new IllegalArgumentException(
          "an update per rating cannot use Adam, which moves whole tables; use LazyAdam, AdaGrad, Sgd or "
              + IN_BATCHES);
    }
  }

  /**
   * Checks that factors can be stored so with so many updates.
   *
   * @param precision how factors are stored
   * @param updates how often weights move
   * @throws IllegalArgumentException if batches would not have Keras' numbers
   */
  public static void requirePrecision(Precision precision, Updates updates) {
    if (precision == Precision.HALF && updates == Updates.PER_BATCH) {
      throw new IllegalArgumentException(
          "factors in half precision need an update per rating: batches have Keras' numbers, in floats;"
              + " use one (--updates rating, Updates.PER_RATING) or single precision");
    }
  }

  /**
   * Batches of an epoch; where every rating is a step, the rounds of its {@link RatingGrid}.
   *
   * @return at least 1
   */
  public long batchesPerEpoch() {
    return switch (updates) {
      case PER_BATCH -> (ratings.size() + batchSize - 1) / batchSize;
      case PER_RATING -> gridSize().rounds();
    };
  }

  /**
   * The grid where every rating is a step.
   *
   * @return its size
   */
  public RatingGrid.Size gridSize() {
    return RatingGrid.Size.of(ratings.size(), ratings.userCount(), ratings.itemCount(), cut);
  }

  /**
   * What is added to every score.
   *
   * @return the mean rating if the model has a mean offset, or 0
   */
  public float offset() {
    return spec.meanOffset() ? (float) ratings.meanValue() : 0f;
  }
}
