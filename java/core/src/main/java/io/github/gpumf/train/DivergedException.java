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

  /** Of the batch's step. */
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
   * @return the batch of the epoch, from 1
   */
  public long batch() {
    return batch;
  }

  /**
   * How fast it was going.
   *
   * @return the learning rate of that batch
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
