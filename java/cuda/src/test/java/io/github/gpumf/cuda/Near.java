package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Floats against what doubles say. */
final class Near {
  /** A float's relative rounding, halved: what one operation may add. */
  private static final double ROUNDING = Math.ulp(1f) / 2;

  private Near() {}

  /**
   * Relative to the terms, for sums of n products, each rounded: random roundings grow as the root
   * of n, worst ones as n; a few times the root with room for a few more operations around the sum.
   */
  static double tolerance(int terms) {
    return ROUNDING * (16 + 8 * Math.sqrt(terms));
  }

  /**
   * Compares.
   *
   * @param magnitude of the largest terms that were added up; larger results may be as far off as
   *     they are larger
   */
  static void assertNear(
      double[] expected, float[] actual, double tolerance, double magnitude, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int at = 0; at < expected.length; at++) {
      double difference = Math.abs(expected[at] - actual[at]);
      double allowed = tolerance * Math.max(magnitude, Math.abs(expected[at]));
      int index = at;
      assertTrue(
          difference <= allowed, // false for NaN too
          () -> what + ", " + index + ": " + expected[index] + " but was " + actual[index]);
    }
  }
}
