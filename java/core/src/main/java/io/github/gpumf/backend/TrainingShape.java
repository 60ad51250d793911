package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;

/**
 * The numbers of a training that decide how much memory it takes.
 *
 * @param ratings training ratings
 * @param weighted whether they have weights
 * @param users rows of the users' tables
 * @param items rows of the items' tables
 * @param spec the model
 * @param optimizer how weights move
 * @param updates how often they move
 * @param precision how factors are stored
 * @param batchSize ratings a step
 * @param threads at most so many
 * @param heldOut ratings that epochs are measured on, or 0
 * @param keepsBest whether the weights of the best epoch are kept beside the current ones
 * @param keepsSeen whether the model keeps each user's items
 */
public record TrainingShape(
    long ratings,
    boolean weighted,
    int users,
    int items,
    Mf spec,
    Optimizer optimizer,
    Updates updates,
    Precision precision,
    int batchSize,
    int threads,
    long heldOut,
    boolean keepsBest,
    boolean keepsSeen) {
  /** Checks the sizes. */
  public TrainingShape {
    if (ratings < 1 || users < 1 || items < 1 || batchSize < 1 || threads < 1 || heldOut < 0) {
      throw new IllegalArgumentException(
          "a training has at least one rating, user, item, rating in a batch and thread; got "
              + ratings
              + ", "
              + users
              + ", "
              + items
              + ", "
              + batchSize
              + " and "
              + threads
              + ", and "
              + heldOut
              + " held-out ratings");
    }
  }

  /**
   * The shape of a training on these ratings.
   *
   * @param ratings at least one
   * @param spec the model
   * @param optimizer how weights move
   * @param batchSize ratings a step
   * @param threads at most so many
   * @return with an update per batch, in floats, and without held-out ratings or seen items
   */
  public static TrainingShape of(
      Ratings ratings, Mf spec, Optimizer optimizer, int batchSize, int threads) {
    return new TrainingShape(
        ratings.size(),
        ratings.hasWeights(),
        ratings.userCount(),
        ratings.itemCount(),
        spec,
        optimizer,
        Updates.PER_BATCH,
        Precision.SINGLE,
        batchSize,
        threads,
        0,
        false,
        false);
  }

  /**
   * The shape of a job, without what is measured beside it.
   *
   * @param job a training
   * @return its numbers
   */
  public static TrainingShape of(TrainingJob job) {
    return of(job.ratings(), job.spec(), job.optimizer(), job.batchSize(), job.threads())
        .withUpdates(job.updates())
        .withPrecision(job.precision());
  }

  /**
   * With another number of updates.
   *
   * @param other how often weights move
   * @return the new shape
   */
  public TrainingShape withUpdates(Updates other) {
    return new TrainingShape(
        ratings, weighted, users, items, spec, optimizer, other, precision, batchSize, threads,
        heldOut, keepsBest, keepsSeen);
  }

  /**
   * With factors stored in another way.
   *
   * @param other how they are stored
   * @return the new shape
   */
  public TrainingShape withPrecision(Precision other) {
    return new TrainingShape(
        ratings, weighted, users, items, spec, optimizer, updates, other, batchSize, threads,
        heldOut, keepsBest, keepsSeen);
  }

  /**
   * With ratings to measure epochs on.
   *
   * @param ratings held out
   * @param best whether the weights of the best epoch are kept
   * @return the new shape
   */
  public TrainingShape withHeldOut(long ratings, boolean best) {
    return new TrainingShape(
        this.ratings,
        weighted,
        users,
        items,
        spec,
        optimizer,
        updates,
        precision,
        batchSize,
        threads,
        ratings,
        best,
        keepsSeen);
  }

  /**
   * With or without the items of each user in the model.
   *
   * @param kept whether it keeps them
   * @return the new shape
   */
  public TrainingShape withSeen(boolean kept) {
    return new TrainingShape(
        ratings, weighted, users, items, spec, optimizer, updates, precision, batchSize, threads,
        heldOut, keepsBest, kept);
  }

  /**
   * With another number of factors.
   *
   * @param factors at least 1
   * @return the new shape
   */
  public TrainingShape withFactors(int factors) {
    Mf other =
        new Mf(
            factors,
            spec.head(),
            spec.l2(),
            spec.regularization(),
            spec.biasRegularization(),
            spec.meanOffset(),
            spec.clip(),
            spec.initializer());
    return new TrainingShape(
        ratings, weighted, users, items, other, optimizer, updates, precision, batchSize, threads,
        heldOut, keepsBest, keepsSeen);
  }

  /**
   * With batches of another size.
   *
   * @param size at least 1
   * @return the new shape
   */
  public TrainingShape withBatchSize(int size) {
    return new TrainingShape(
        ratings, weighted, users, items, spec, optimizer, updates, precision, size, threads,
        heldOut, keepsBest, keepsSeen);
  }

  /**
   * With another optimizer.
   *
   * @param other how weights move
   * @return the new shape
   */
  public TrainingShape withOptimizer(Optimizer other) {
    return new TrainingShape(
        ratings, weighted, users, items, spec, other, updates, precision, batchSize, threads,
        heldOut, keepsBest, keepsSeen);
  }

  /**
   * Ratings of the largest batch.
   *
   * @return the batch size, or all ratings if they are fewer
   */
  public int largestBatch() {
    return (int) Math.min(batchSize, ratings);
  }

  /**
   * Numbers of a table of factors, or of a slot for each of them, and of the biases or the head
   * beside it, without padding.
   *
   * @param columns k, or what {@link TrainingState#slotColumns} says
   * @return how many
   */
  public long numbers(int columns) {
    long rows = (long) users + items;
    return rows * columns + (spec.head() == Mf.Head.DENSE ? 2 : rows);
  }
}
