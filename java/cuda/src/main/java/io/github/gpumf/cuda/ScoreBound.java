package io.github.gpumf.cuda;

import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import org.jspecify.annotations.Nullable;

/**
 * How far a score from cuBLAS' product can be from the same score by {@code score_items}: a bound E
 * on |s - t|, where s is a score as the kernel computes it, and t the same one from the product:
 *
 * <pre>
 *   s = w x + c,  t = w y + c    x, y: the two sums;  w: the head's kernel, or 1;  c: the rest, the same bits in both
 *   |x - y|  <= 2 (1.01 k u) B             u = 2^-24, B = |p_u| max |q_i|, k u <= 0.01
 *   |s - t|  <= |w| |x - y| + u (|s| + |t|)  the last operation of each, which rounds once
 *            <= (2.02 k + 2.1) u |w| B + 2.1 u C                    |c| <= C
 *   E         = (3 k + 8) u |w| B + 4 u C + (8 k + 8) 2^-126 max(1, |w|)  =  slope |p_u| + base
 * </pre>
 *
 * <p>What E has more pays for its own rounding and for that of the comparison with it; its last
 * part is for sums that underflow, flushed to zero or not. Where B or C is so large that a sum
 * might overflow there is no bound, and {@code score_items} scores the user, as it does for a user
 * whose scores lie too close together.
 *
 * @param slope of E
 * @param base of E
 * @param longest |p_u| that it holds for
 */
record ScoreBound(double slope, double base, double longest) {
  private static final double ROUNDING = 0x1p-24;
  private static final double LEAST_NORMAL = 0x1p-126;

  /** Well below the greatest float. */
  private static final double MOST = 1e38;

  /** k u = 0.01. */
  private static final int MOST_FACTORS = 160_000;

  /** Null where there is none for any user. */
  static @Nullable ScoreBound of(MfModel model) {
    Weights weights = model.weights();
    FloatTable dense = weights.dense();
    double kernel = dense == null ? 1 : Math.abs(dense.get(0, 0));
    double constants =
        Math.abs(model.offset())
            + (dense == null
                ? largest(weights.userBias()) + largest(weights.itemBias())
                : Math.abs(dense.get(0, 1)));
    double scale = greatestLength(weights.itemFactors()) * Math.max(1, kernel);
    int k = model.spec().factors();
    // Written so that what is no number fails.
    if (!(constants < MOST / 2 && scale < MOST && kernel < MOST) || k > MOST_FACTORS) {
      return null;
    }
    return new ScoreBound(
        (3.0 * k + 8) * ROUNDING * scale,
        4 * ROUNDING * constants + (8.0 * k + 8) * LEAST_NORMAL * Math.max(1, kernel),
        Math.min(MOST, MOST / 2 / scale));
  }

  private static double greatestLength(FloatTable factors) {
    double longest = 0;
    for (long row = 0; row < factors.rows(); row++) {
      double squares = 0;
      for (int column = 0; column < factors.columns(); column++) {
        double x = factors.get(row, column);
        squares += x * x;
      }
      longest = Math.max(longest, squares); // NaN stays
    }
    return Math.sqrt(longest);
  }

  private static double largest(@Nullable FloatTable column) {
    double largest = 0;
    for (long row = 0; column != null && row < column.rows(); row++) {
      largest = Math.max(largest, Math.abs(column.get(row, 0)));
    }
    return largest;
  }
}
