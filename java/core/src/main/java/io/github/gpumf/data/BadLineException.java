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
  private final boolean skippingHelps;

  BadLineException(String problem, String remedy) {
    this(problem, remedy, false, true);
  }

  private BadLineException(String problem, String remedy, boolean header, boolean skippingHelps) {
    super(problem, null, false, false);
    this.problem = problem;
    this.remedy = remedy;
    this.header = header;
    this.skippingHelps = skippingHelps;
  }

  /** A header that does not say which columns to read. */
  static BadLineException ofHeader(String problem) {
    return ofHeader(problem, "Say which columns they are (--columns, withColumns).");
  }

  static BadLineException ofHeader(String problem, String remedy) {
    return new BadLineException(problem, remedy, true, false);
  }

  /** A wish for columns that no other line is likely to fulfil either. */
  static BadLineException ofWish(String problem, String remedy) {
    return new BadLineException(problem, remedy, false, false);
  }

  String problem() {
    return problem;
  }

  String remedy() {
    return remedy;
  }

  /** Whether the file may be read without this line. */
  boolean skippingHelps() {
    return skippingHelps;
  }

  /** Whether it is the header: without it the rest of the file would be read by position. */
  boolean header() {
    return header;
  }
}
