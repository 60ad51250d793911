package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Weights;

/**
 * A training in progress. The weights live where the backend wants them; what crosses this seam is
 * an epoch's worth of work one way and a few numbers the other way, until weights are asked for.
 *
 * <p>A method whose device fails throws a {@link DeviceException}. After that the session is of no
 * use but for one thing: the weights that were kept as {@link Slot#LAST_GOOD}, which do not go with
 * the device.
 *
 * <p>One thread at a time. Whoever opened a session closes it.
 */
public interface TrainingSession extends AutoCloseable {
  /** Copies of the weights that a session keeps beside the current ones. */
  enum Slot {
    /** The weights as they are now; cannot be kept, only read. */
    CURRENT,
    /** The weights after the last epoch that ended well; they outlive a device that fails. */
    LAST_GOOD,
    /** The weights of the best epoch so far. */
    BEST
  }

  /**
   * What came of an epoch so far: of all its batches since batch 0, added up in their order, so
   * that the numbers do not depend on the pieces in which the epoch is run.
   *
   * @param ratings how many were trained on, up to and including a diverged batch
   * @param squaredError sum of the weighted squared errors, each before its batch's step
   * @param loss sum over batches of size x loss, where the loss of a batch is its mean squared
   *     error plus, with Keras' L2, lambda times the sum of squares of both tables. Regularization
   *     per rating is not part of it
   * @param divergedBatch the batch whose mean squared error passed the job's limit or was not a
   *     number, after which nothing counts; or -1
   */
  record EpochTotals(long ratings, double squaredError, double loss, long divergedBatch) {
    /** Before the first batch. */
    public static final EpochTotals NONE = new EpochTotals(0, 0, 0, -1);

    /**
     * With one more batch.
     *
     * @param batch its number in the epoch
     * @param size its ratings
     * @param batchError its sum of weighted squared errors
     * @param penalty Keras' L2 term of its loss
     * @param lossLimit the mean squared error above which it has diverged
     * @return the new totals
     */
    public EpochTotals plus(
        long batch, long size, double batchError, double penalty, double lossLimit) {
      // False for NaN too; a round of a grid may have no ratings.
      boolean fine = size == 0 || batchError / size <= lossLimit;
      return new EpochTotals(
          ratings + size,
          squaredError + batchError,
          loss + batchError + size * penalty,
          fine ? -1 : batch);
    }

    /**
     * Whether the last batch was fine.
     *
     * @return true if one diverged
     */
    public boolean diverged() {
      return divergedBatch >= 0;
    }
  }

  /**
   * Trains on batches {@code from} to {@code to - 1} of an epoch. Batch b holds the positions
   * {@code b * batchSize} and up of the epoch's order; where every rating is a step it is the round
   * of that place in the epoch's order of rounds. The pieces of an epoch are run one after the
   * other, from batch 0.
   *
   * @param epoch from 0
   * @param from first batch; 0 begins the totals anew
   * @param to after the last batch, at most the job's batches per epoch
   * @return the epoch so far
   */
  EpochTotals run(int epoch, long from, long to);

  /**
   * The error of the current weights on other ratings.
   *
   * @param heldOut ratings with the id maps of the training ratings
   * @return sum of squared errors of the clipped (if the model clips) predictions, unweighted, in
   *     double
   */
  double squaredError(Ratings heldOut);

  /**
   * Keeps a copy of the current weights if all of them are finite; otherwise the slot stays as it
   * is.
   *
   * @param slot {@link Slot#LAST_GOOD} or {@link Slot#BEST}
   * @return whether the weights are finite
   */
  boolean keep(Slot slot);

  /**
   * Hands out weights.
   *
   * @param slot which; one that was kept before, or {@link Slot#CURRENT}
   * @return a copy in memory of its own
   */
  Weights weights(Slot slot);

  /**
   * Hands out kept weights for good. Who has the memory for a copy already gives it away: when a
   * training is over there may be none for another one.
   *
   * @param slot {@link Slot#LAST_GOOD} or {@link Slot#BEST}, one that was kept before
   * @return the weights, in memory of their own; the slot may be empty afterwards
   */
  default Weights take(Slot slot) {
    return weights(slot);
  }

  /**
   * Hands out everything needed to go on later.
   *
   * @return a copy in memory of its own
   */
  TrainingState state();

  @Override
  void close();
}
