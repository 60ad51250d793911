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

  /** The dot product as the sum of those of the halves; see {@link Columns}. */
  static float dotOfHalves(long x, long y, int bytes) {
    int first = Columns.firstHalfBytes(bytes);
    return dot(x, y, first) + dot(x + first, y + first, bytes - first);
  }

  /** y = factor x. */
  static void setScaled(long y, float factor, long x, int bytes) {
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      Lanes.store(Lanes.load(x + at).mul(factor), y + at);
    }
  }

  /** sum = a x + b y. */
  static void setSum(long sum, float a, long x, float b, long y, int bytes) {
    FloatVector ofX = FloatVector.broadcast(Lanes.SPECIES, a);
    FloatVector ofY = FloatVector.broadcast(Lanes.SPECIES, b);
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      Lanes.store(Lanes.load(y + at).fma(ofY, Lanes.load(x + at).mul(ofX)), sum + at);
    }
  }

  /** sum = a x + b y, and copy = x. */
  static void setSum(long sum, float a, long x, float b, long y, long copy, int bytes) {
    FloatVector ofX = FloatVector.broadcast(Lanes.SPECIES, a);
    FloatVector ofY = FloatVector.broadcast(Lanes.SPECIES, b);
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      FloatVector ofRow = Lanes.load(x + at);
      Lanes.store(ofRow, copy + at);
      Lanes.store(Lanes.load(y + at).fma(ofY, ofRow.mul(ofX)), sum + at);
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
