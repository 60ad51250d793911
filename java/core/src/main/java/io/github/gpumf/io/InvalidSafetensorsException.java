package io.github.gpumf.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file is not a whole, unaltered safetensors file, or does not hold what is looked for. The
 * message names the file, what was found, and what was expected.
 */
public final class InvalidSafetensorsException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param file the file
   * @param problem what was found and what was expected, as a phrase about the file
   */
  public InvalidSafetensorsException(Path file, String problem) {
    super(file + " " + problem);
  }
}
