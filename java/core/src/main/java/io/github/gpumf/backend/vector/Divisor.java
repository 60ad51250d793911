package io.github.gpumf.backend.vector;

/**
 * Division of many numbers by one, by a multiplication and a shift as compilers do it where the
 * divisor is constant (T. Granlund, P. Montgomery, "Division by invariant integers using
 * multiplication", PLDI 1994).
 */
final class Divisor {
  private final int divisor;
  private final int shift;

  /** {@code 2^shift / divisor}, rounded up or one more. */
  private final long factor;

  /** A divisor of at least 1. */
  Divisor(int divisor) {
    this.divisor = divisor;
    // 31 bits of the dividend and as many more as the divisor has: the product fits a long, and
    // what rounding adds to it stays below 2^shift / divisor.
    shift = 31 + Integer.SIZE - Integer.numberOfLeadingZeros(divisor - 1);
    factor = (1L << shift) / divisor + 1;
  }

  /** The quotients, which have to be ints, of numbers that are not negative. */
  void divide(long[] dividends, int count, int[] quotients) {
    long highest = 0;
    for (int at = 0; at < count; at++) {
      highest |= dividends[at];
    }
    if (highest <= Integer.MAX_VALUE) {
      multiply(dividends, count, quotients);
      return;
    }
    for (int at = 0; at < count; at++) {
      quotients[at] = (int) (dividends[at] / divisor);
    }
  }

  private void multiply(long[] dividends, int count, int[] quotients) {
    for (int at = 0; at < count; at++) {
      quotients[at] = (int) ((dividends[at] * factor) >>> shift);
    }
  }
}
