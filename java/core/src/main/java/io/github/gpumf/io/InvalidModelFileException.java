package io.github.gpumf.io;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A file is not a model file, or not a whole and unaltered one. The message names the file, what
 * was found, what was expected, and what to do.
 */
public final class InvalidModelFileException extends IOException {
  private static final long serialVersionUID = 1L;

  InvalidModelFileException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
