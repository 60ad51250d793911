package io.github.gpumf.data;

/**
 * One line of a file cannot be used. Whoever reads the file adds where it stands, and either fails
 * or counts it and goes on; since there may be millions, there is no stack trace.
 */
final class BadLineException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final String remedy;
  private final boolean header;

  BadLineException(String problem, String remedy) {
    this(problem, remedy, false);
  }

  private BadLineException(String problem, String remedy, boolean header) {
    super(problem, null, false, false);
    this.problem = problem;
    this.remedy = remedy;
    this.header = header;
  }

  /** A header that does not say which columns to read. */
  static BadLineException ofHeader(String problem) {
    return ofHeader(problem, "Say which columns they are (--columns, withColumns).");
  }

  static BadLineException ofHeader(String problem, String remedy) {
    return new BadLineException(problem, remedy, true);
  }

  String problem() {
    return problem;
  }

  String remedy() {
    return remedy;
  }

  /** Whether it is the header: without it the rest of the file would be read by position. */
  boolean header() {
    return header;
  }
}
