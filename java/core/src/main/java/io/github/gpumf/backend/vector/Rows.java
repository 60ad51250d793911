package io.github.gpumf.backend.vector;

import jdk.incubator.vector.FloatVector;

/**
 * Arithmetic on padded rows. Arguments are addresses and the bytes of a row.
 *
 * <p>The methods are small on purpose: the compiler stops inlining in large ones, and vectors that
 * cross a call are boxed.
 */
final class Rows {
  private Rows() {}

  /** The dot product of x and y. */
  static float dot(long x, long y, int bytes) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      sum = Lanes.load(x + at).fma(Lanes.load(y + at), sum);
    }
    return Lanes.sum(sum);
  }

  /** y = factor x. */
  static void setScaled(long y, float factor, long x, int bytes) {
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      Lanes.store(Lanes.load(x + at).mul(factor), y + at);
    }
  }

  /** y = y + factor x. */
  static void addScaled(long y, float factor, long x, int bytes) {
    FloatVector factors = FloatVector.broadcast(Lanes.SPECIES, factor);
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      Lanes.store(Lanes.load(x + at).fma(factors, Lanes.load(y + at)), y + at);
    }
  }
}
