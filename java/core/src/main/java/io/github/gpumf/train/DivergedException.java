package io.github.gpumf.train;

import io.github.gpumf.model.MfModel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a training became infinite, not a number, or absurdly large. The model of the last
 * epoch that ended well is kept.
 */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** From 1. */
  private final int epoch;

  /** From 1. */
  private final long batch;

  /** Of the step of the batch or round. */
  private final double learningRate;

  private final transient @Nullable MfModel lastGoodModel;

  DivergedException(
      String message, int epoch, long batch, double learningRate, @Nullable MfModel lastGoodModel) {
    super(message);
    this.epoch = epoch;
    this.batch = batch;
    this.learningRate = learningRate;
    this.lastGoodModel = lastGoodModel;
  }

  /**
   * Where it happened.
   *
   * @return the epoch, from 1
   */
  public int epoch() {
    return epoch;
  }

  /**
   * Where it happened.
   *
   * @return the batch of the epoch, from 1; with {@linkplain
   *     io.github.gpumf.optim.Updates#PER_RATING an update per rating} there are no batches, and it
   *     is the round of the grid of blocks
   */
  public long batch() {
    return batch;
  }

  /**
   * How fast it was going.
   *
   * @return the learning rate of that batch or round
   */
  public double learningRate() {
    return learningRate;
  }

  /**
   * What was reached before.
   *
   * @return the model after the last epoch that ended well, or empty if there was none
   */
  public Optional<MfModel> lastGoodModel() {
    return Optional.ofNullable(lastGoodModel);
  }
}
