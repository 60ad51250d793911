package io.github.gpumf.train;

import org.jspecify.annotations.Nullable;

/**
 * A checkpoint cannot be written or read, or is not one of this training. The message says what was
 * found, what was expected, and what to do. No checkpoint is lost by it.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CheckpointException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
