package io.github.gpumf.backend.scalar;

import io.github.gpumf.model.FloatTable;

/** Factors in half precision: floats that are halves after each move of their row. */
final class Halves {
  private Halves() {}

  /** Rounds a row to the nearest halves, of two as near to the even one. */
  static void round(FloatTable factors, long row) {
    for (int column = 0; column < factors.columns(); column++) {
      short half = Float.floatToFloat16(factors.get(row, column));
      factors.set(row, column, Float.float16ToFloat(half));
    }
  }

  static void round(FloatTable factors) {
    for (long row = 0; row < factors.rows(); row++) {
      round(factors, row);
    }
  }
}
