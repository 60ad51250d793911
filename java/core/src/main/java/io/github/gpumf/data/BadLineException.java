package io.github.gpumf.data;

/**
 * One line of a file cannot be used. Whoever reads the file adds where it stands, and either fails
 * or counts it and goes on; since there may be millions, there is no stack trace.
 */
final class BadLineException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final String remedy;

  BadLineException(String problem, String remedy) {
    super(problem, null, false, false);
    this.problem = problem;
    this.remedy = remedy;
  }

  String problem() {
    return problem;
  }

  String remedy() {
    return remedy;
  }
}
