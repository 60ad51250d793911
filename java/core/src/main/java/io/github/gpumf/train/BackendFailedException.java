package io.github.gpumf.train;

import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.model.MfModel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The device failed in the middle of a training. The model of the last epoch that ended well is
 * kept.
 */
public final class BackendFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** From 1. */
  private final int epoch;

  private final transient @Nullable MfModel lastGoodModel;

  BackendFailedException(
      String message, int epoch, @Nullable MfModel lastGoodModel, DeviceException cause) {
    super(message, cause);
    this.epoch = epoch;
    this.lastGoodModel = lastGoodModel;
  }

  /**
   * When it happened.
   *
   * @return the epoch that did not end, from 1; after the last one if all had ended
   */
  public int epoch() {
    return epoch;
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
