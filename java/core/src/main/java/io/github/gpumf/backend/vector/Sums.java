package io.github.gpumf.backend.vector;

/** Sums whose bits do not depend on who made their terms. */
final class Sums {
  private Sums() {}

  /** The sum of the first numbers, one after the other. */
  static double inOrder(double[] numbers, int count) {
    double sum = 0;
    for (int at = 0; at < count; at++) {
      sum += numbers[at];
    }
    return sum;
  }
}
