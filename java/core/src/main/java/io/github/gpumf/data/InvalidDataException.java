package io.github.gpumf.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file does not hold the data it should: the message names the file, the line, its content and
 * the remedy.
 */
public final class InvalidDataException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Line number of a problem that is not on any line. */
  public static final long NO_LINE = -1;

  private static final int LONGEST_QUOTE = 80;

  /** Not serializable; an exception that was sent elsewhere still has it in its message. */
  private final transient Path file;

  /** Line number from 1, or NO_LINE. */
  private final long line;

  /**
   * Makes the exception.
   *
   * @param file the file, as it was given
   * @param line line number from 1, or {@link #NO_LINE}
   * @param problem what is wrong and what was found, without a full stop
   * @param remedy what to do about it, a sentence
   */
  public InvalidDataException(Path file, long line, String problem, String remedy) {
    super(place(file, line) + ": " + problem + ". " + remedy);
    this.file = file;
    this.line = line;
  }

  /**
   * The file.
   *
   * @return the path that was given to the reader
   */
  public Path file() {
    return file;
  }

  /**
   * The line.
   *
   * @return line number from 1, or {@link #NO_LINE}
   */
  public long line() {
    return line;
  }

  /** How messages name a place. */
  static String place(Path file, long line) {
    return line == NO_LINE ? file.toString() : file + ", line " + line;
  }

  /** Content in quotes, safe to print: 80 characters at most, control characters escaped. */
  static String quote(CharSequence content) {
    StringBuilder quoted = new StringBuilder("\"");
    int shown = Math.min(content.length(), LONGEST_QUOTE);
    for (int i = 0; i < shown; i++) {
      char c = content.charAt(i);
      switch (c) {
        case '\t' -> quoted.append("\\t");
        case '\r' -> quoted.append("\\r");
        case '\n' -> quoted.append("\\n");
        default -> {
          if (Character.isISOControl(c) || Character.isSurrogate(c) || c == '\u2028') {
            quoted.append(String.format("\\u%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append(shown < content.length() ? "\"..." : "\"").toString();
  }
}
