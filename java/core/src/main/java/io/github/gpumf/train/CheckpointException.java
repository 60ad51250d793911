package io.github.gpumf.train;

import io.github.gpumf.model.MfModel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint cannot be written or read, or is not one of this training. The message says what was
 * found, what was expected, and what to do. No checkpoint is lost by it, nor, where one cannot be
 * written, the model of the last epoch.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable MfModel lastGoodModel;

  CheckpointException(String message, @Nullable Throwable cause) {
    this(message, null, cause);
  }

  CheckpointException(String message, @Nullable MfModel lastGoodModel, @Nullable Throwable cause) {
    super(message, cause);
    this.lastGoodModel = lastGoodModel;
  }

  /**
   * What was reached before.
   *
   * @return the model after the epoch whose checkpoint cannot be written, or empty if the training
   *     did not begin
   */
  public Optional<MfModel> lastGoodModel() {
    return Optional.ofNullable(lastGoodModel);
  }
}
