package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Optimizer;

/**
 * What a session trains.
 *
 * @param ratings training ratings; at least one
 * @param spec the model
 * @param optimizer how weights move
 * @param batchSize ratings a step; the last batch of an epoch may be smaller; at least 1
 * @param shuffle whether each epoch has an order of its own ({@link EpochOrder}) or the order of
 *     the ratings
 * @param seed of the order
 * @param threads at most so many; at least 1. The result does not depend on it
 * @param lossLimit a batch whose mean squared error is not at most this has diverged; positive
 * @param start weights and optimizer state to start from; copied
 */
public record TrainingJob(
    Ratings ratings,
    Mf spec,
    Optimizer optimizer,
    int batchSize,
    boolean shuffle,
    long seed,
    int threads,
    double lossLimit,
    TrainingState start) {
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
    start.check(ratings, spec, optimizer);
  }

  /**
   * Batches of an epoch.
   *
   * @return at least 1
   */
  public long batchesPerEpoch() {
    return (ratings.size() + batchSize - 1) / batchSize;
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
