package io.github.gpumf.backend;

import org.jspecify.annotations.Nullable;

/**
 * A backend was asked for that cannot be used here. The message says what is missing and what to
 * do.
 */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what is missing and what to do
   * @param cause the failure behind it, if there was one
   */
  public BackendUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
