package io.github.gpumf.backend;

import io.github.gpumf.optim.Adam;
import java.util.function.LongToDoubleFunction;

/**
 * What Keras' Adam does to a row that is in no batch. In every step Adam moves every row, since
 * momentum decays for rows outside the batch too; done literally, a step costs the whole table. But
 * while a row rests its gradient is zero (without L2), and its path is known. With m and v after
 * step t, the row's last, and {@code alpha_u} the rate of step u, s steps later it stands at
 *
 * <pre>{@code
 * m_s = beta1^s m      v_s = beta2^s v
 * w_s = w - sum over j = 1..s of  alpha_{t+j} beta1^j m / (beta2^(j/2) sqrt(v) + epsilon)
 * }</pre>
 *
 * <p>With {@code D = sqrt(v) + epsilon}, {@code r = sqrt(v) / D} and {@code delta_j = 1 -
 * beta2^(j/2)} each denominator is {@code D (1 - r delta_j)}, and the geometric series of its
 * inverse gives
 *
 * <pre>{@code
 * w_s = w - m / D (A_0 + A_1 r + A_2 r^2 + A_3 r^3 + ...)
 * A_n = sum over j = 1..s of  alpha_{t+j} beta1^j delta_j^n
 * }</pre>
 *
 * <p>The A_n depend on the step numbers alone. {@code delta_j^n} is a binomial sum of powers of
 * {@code beta2^(j/2)}, so that
 *
 * <pre>{@code
 * A_0 = S_0    A_1 = S_0 - S_1    A_2 = S_0 - 2 S_1 + S_2    A_3 = S_0 - 3 S_1 + 3 S_2 - S_3
 * S_i = sum over j = 1..s of  alpha_{t+j} rho_i^j      rho_i = beta1 beta2^(i/2)
 * }</pre>
 *
 * <p>and each S_i is the difference of two tails {@code T_i(t) = sum over j >= 1 of alpha_{t+j}
 * rho_i^j}: {@code S_i = T_i(t) - rho_i^s T_i(t+s)}, where {@code T_i(t) = rho_i (alpha_{t+1} +
 * T_i(t+1))}. So catching a row up takes a few numbers of double and one pass over its floats,
 * however long it has rested.
 *
 * <p>Four terms are exact to {@code 2e-8} of the move at Keras' beta1 0.9 and beta2 0.999, since
 * {@code delta_j} stays small while {@code beta1^j} is not. For betas where they are not good to a
 * float's rounding Adam has to be done literally.
 *
 * <p>This has the tails and the powers of a stretch of steps, which count from its beginning.
 */
public final class AdamTails {
  /** Of the series, and as many tails. */
  public static final int TERMS = 4;

  /** What a float cannot show. */
  private static final double GOOD_ENOUGH = 1e-7;

  /** What is left of a tail that is cut off. */
  private static final double CUT = 1e-18;

  /** Longer memories than any Adam in use, and their tails take long to sum up. */
  private static final int LONGEST_TAIL = 10_000;

  /** Of so many steps an array holds the tails. */
  private static final int MOST_STEPS = Integer.MAX_VALUE / TERMS - 2;

  private final int steps;

  /** T_0 to T_3 of each step, side by side. */
  private final double[] tails;

  private final double[] powersOfBeta1;
  private final double[] powersOfRoot;

  private AdamTails(int steps, double[] tails, double[] powersOfBeta1, double[] powersOfRoot) {
    this.steps = steps;
    this.tails = tails;
    this.powersOfBeta1 = powersOfBeta1;
    this.powersOfRoot = powersOfRoot;
  }

  /**
   * Whether the terms are as good as a float.
   *
   * @param adam with its betas
   * @return false if every row is to be moved in every step
   */
  public static boolean areGoodEnough(Adam adam) {
    int length = length(adam.beta1());
    return length <= LONGEST_TAIL
        && worstError(adam.beta1(), Math.sqrt(adam.beta2()), length) <= GOOD_ENOUGH;
  }

  /** Steps after which momentum is nothing. */
  private static int length(double beta1) {
    return beta1 == 0 ? 1 : (int) Math.min(1e9, Math.ceil(Math.log(CUT) / Math.log(beta1)));
  }

  /** The terms left out, relative to the first one, at r = 1 and a constant rate. */
  private static double worstError(double beta1, double rootOfBeta2, int length) {
    double left = 0;
    double all = 0;
    double power = 1;
    double root = 1;
    for (int step = 1; step <= length; step++) {
      power *= beta1;
      root *= rootOfBeta2;
      left += power * Math.pow(1 - root, TERMS) / root;
      all += power;
    }
    return all == 0 ? 0 : left / all;
  }

  /**
   * Those of some steps.
   *
   * @param adam whose terms are good enough
   * @param steps of the stretch, at most 2^29 - 3; with those after it that momentum reaches, their
   *     rates are asked for
   * @param alpha the rate of each step, corrected for both moments, from 0
   * @return the tails
   * @throws IllegalArgumentException if there are more steps
   */
  public static AdamTails of(Adam adam, long steps, LongToDoubleFunction alpha) {
    if (steps > MOST_STEPS) {
      throw new IllegalArgumentException(
          "Adam's tails of "
              + steps
              + " batches are more than the "
              + MOST_STEPS
              + " that an array holds; take larger batches");
    }
    return sumUp(adam, (int) steps, alpha);
  }

  private static AdamTails sumUp(Adam adam, int steps, LongToDoubleFunction alpha) {
    double root = Math.sqrt(adam.beta2());
    double[] rhos = new double[TERMS];
    for (int term = 0; term < TERMS; term++) {
      rhos[term] = adam.beta1() * Math.pow(root, term);
    }
    double[] tails = new double[TERMS * (steps + 1)];
    double[] sums = new double[TERMS];
    for (long step = (long) steps + length(adam.beta1()); step >= 0; step--) {
      double rate = alpha.applyAsDouble(step);
      for (int term = 0; term < TERMS; term++) {
        sums[term] = rhos[term] * (rate + sums[term]);
        if (step <= steps) {
          tails[TERMS * (int) step + term] = sums[term];
        }
      }
    }
    return new AdamTails(steps, tails, powers(adam.beta1(), steps), powers(root, steps));
  }

  /**
   * Memory of those of some steps.
   *
   * @param steps of the stretch
   * @return bytes
   */
  public static long bytes(long steps) {
    return (steps + 1) * (TERMS + 2) * Double.BYTES;
  }

  private static double[] powers(double base, int count) {
    double[] powers = new double[count + 1];
    powers[0] = 1;
    for (int exponent = 1; exponent <= count; exponent++) {
      powers[exponent] = powers[exponent - 1] * base;
    }
    return powers;
  }

  /**
   * The length of the stretch.
   *
   * @return at least 0
   */
  public int steps() {
    return steps;
  }

  /**
   * A tail.
   *
   * @param term i, from 0 to 3
   * @param step t, from 0 to {@link #steps}
   * @return T_i(t)
   */
  public double tail(int term, int step) {
    return tails[TERMS * step + term];
  }

  /**
   * What is left of m.
   *
   * @param rest steps
   * @return beta1^rest
   */
  public double powerOfBeta1(int rest) {
    return powersOfBeta1[rest];
  }

  /**
   * The root of what is left of v.
   *
   * @param rest steps
   * @return beta2^(rest/2)
   */
  public double powerOfRoot(int rest) {
    return powersOfRoot[rest];
  }
}
