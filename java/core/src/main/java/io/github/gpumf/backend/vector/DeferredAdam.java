package io.github.gpumf.backend.vector;

import io.github.gpumf.optim.Adam;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Keras' Adam at the cost of the batch. In every step Adam moves every row, since momentum decays
 * for rows outside the batch too; done literally, a step costs the whole table. But while a row is
 * in no batch its gradient is zero, and its path is known. With m and v after step t, the row's
 * last, and {@code alpha_u} the rate of step u, s steps later it stands at
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
 * {@code beta2^(j/2)}, so A_n is one of tails {@code T_i(t) = sum over j >= 1 of alpha_{t+j}
 * rho_i^j} with {@code rho_i = beta1 beta2^(i/2)}: the sum up to s is {@code T_i(t) - rho_i^s
 * T_i(t+s)}, and {@code T_i(t) = rho_i (alpha_{t+1} + T_i(t+1))}. So catching a row up takes a few
 * numbers of double and one pass over its floats, however long it has rested.
 *
 * <p>Four terms are exact to {@code 2e-8} of the move at Keras' beta1 0.9 and beta2 0.999, since
 * {@code delta_j} stays small while {@code beta1^j} is not. For betas where they are not good to a
 * float's rounding Adam is done literally.
 *
 * <p>Rows are caught up when a batch holds them, and all at the end of an epoch, so that what
 * leaves the training (weights, checkpoints, errors) is current, and the bits do not depend on who
 * looks.
 */
final class DeferredAdam {
  private static final int TERMS = 4;

  /** What a float cannot show. */
  private static final double GOOD_ENOUGH = 1e-7;

  /** What is left of a tail that is cut off. */
  private static final double CUT = 1e-18;

  /** Longer memories than any Adam in use, and their tails take long to sum up. */
  private static final int LONGEST_TAIL = 10_000;

  private final double beta1;
  private final double rootOfBeta2;
  private final float epsilon;
  private final RowUpdate update;
  private final int tailSteps;

  /** Tails T_i(first + index). */
  private final double[][] tails = new double[TERMS][0];

  /** Powers of beta1 and of the root of beta2. */
  private double[] powers1 = {};

  private double[] powers2 = {};
  private long first;

  private DeferredAdam(Adam adam, RowUpdate update, int tailSteps) {
    beta1 = adam.beta1();
    rootOfBeta2 = Math.sqrt(adam.beta2());
    epsilon = (float) adam.epsilon();
    this.update = update;
    this.tailSteps = tailSteps;
  }

  /** Null where the terms are not good enough: then every row is to be moved in every step. */
  static @Nullable DeferredAdam of(Adam adam, RowUpdate update) {
    double beta1 = adam.beta1();
    int tailSteps =
        beta1 == 0 ? 1 : (int) Math.min(1e9, Math.ceil(Math.log(CUT) / Math.log(beta1)));
    if (tailSteps > LONGEST_TAIL
        || worstError(beta1, Math.sqrt(adam.beta2()), tailSteps) > GOOD_ENOUGH) {
      return null;
    }
    return new DeferredAdam(adam, update, tailSteps);
  }

  /** The terms left out, relative to the first one, at r = 1 and a constant rate. */
  private static double worstError(double beta1, double rootOfBeta2, int steps) {
    double left = 0;
    double all = 0;
    double power = 1;
    double root = 1;
    for (int step = 1; step <= steps; step++) {
      power *= beta1;
      root *= rootOfBeta2;
      left += power * Math.pow(1 - root, TERMS) / root;
      all += power;
    }
    return all == 0 ? 0 : left / all;
  }

  /**
   * Prepares steps to come. Rows must be current.
   *
   * @param step steps done so far
   * @param steps to come, at most
   */
  void prepare(long step, long steps, long stepsPerEpoch) {
    first = step;
    int count = Math.toIntExact(steps);
    for (int term = 0; term < TERMS; term++) {
      double rho = beta1 * Math.pow(rootOfBeta2, term);
      double[] tail = new double[count + 1];
      double sum = 0;
      for (int at = count + tailSteps; at >= 0; at--) {
        sum = rho * (update.alpha(step + at, stepsPerEpoch) + sum);
        if (at <= count) {
          tail[at] = sum;
        }
      }
      tails[term] = tail;
    }
    powers1 = powers(beta1, count);
    powers2 = powers(rootOfBeta2, count);
  }

  private static double[] powers(double base, int count) {
    double[] powers = new double[count + 1];
    powers[0] = 1;
    for (int exponent = 1; exponent <= count; exponent++) {
      powers[exponent] = powers[exponent - 1] * base;
    }
    return powers;
  }

  /** The sum of alpha rho_i^j over the steps after {@code from} up to {@code to}. */
  private double sum(int term, int from, int to) {
    double decay = powers1[to - from] * power2(to - from, term);
    return tails[term][from] - decay * tails[term][to];
  }

  private double power2(int steps, int times) {
    double root = powers2[steps];
    double power = 1;
    for (int time = 0; time < times; time++) {
      power *= root;
    }
    return power;
  }

  /**
   * Moves a row of factors, and its bias, over the steps that it has rested. Arguments are
   * addresses: of weights, of m and of v.
   *
   * @param last the step after which the numbers are
   * @param step the step after which they shall be
   * @param bytes of the row, whole vectors
   * @param bias 0 if there is none
   */
  void catchUp(
      long last,
      long step,
      long weights,
      long moments,
      long squares,
      int bytes,
      long bias,
      long biasMoment,
      long biasSquare) {
    int from = (int) (last - first);
    int to = (int) (step - first);
    double s0 = sum(0, from, to);
    double s1 = sum(1, from, to);
    double s2 = sum(2, from, to);
    double s3 = sum(3, from, to);
    float a0 = (float) s0;
    float a1 = (float) (s0 - s1);
    float a2 = (float) (s0 - 2 * s1 + s2);
    float a3 = (float) (s0 - 3 * s1 + 3 * s2 - s3);
    float decay1 = (float) powers1[to - from];
    float decay2 = (float) power2(to - from, 2);
    move(weights, moments, squares, bytes, a0, a1, a2, a3, decay1, decay2);
    if (bias != 0) {
      move(bias, biasMoment, biasSquare, a0, a1, a2, a3, decay1, decay2);
    }
  }

  private void move(
      long weights,
      long moment,
      long square,
      int bytes,
      float a0,
      float a1,
      float a2,
      float a3,
      float decay1,
      float decay2) {
    FloatVector ones = FloatVector.broadcast(Lanes.SPECIES, 1f);
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      FloatVector m = Lanes.load(moment + at);
      FloatVector v = Lanes.load(square + at);
      FloatVector root = v.sqrt();
      FloatVector inverse = ones.div(root.add(epsilon));
      FloatVector r = root.mul(inverse);
      FloatVector sum = r.mul(a3).add(a2).mul(r).add(a1).mul(r).add(a0);
      Lanes.store(Lanes.load(weights + at).sub(m.mul(inverse).mul(sum)), weights + at);
      Lanes.store(m.mul(decay1), moment + at);
      Lanes.store(v.mul(decay2), square + at);
    }
  }

  private void move(
      long weight,
      long moment,
      long square,
      float a0,
      float a1,
      float a2,
      float a3,
      float decay1,
      float decay2) {
    float m = Lanes.get(moment);
    float v = Lanes.get(square);
    float root = (float) Math.sqrt(v);
    float inverse = 1 / (root + epsilon);
    float r = root * inverse;
    float sum = ((r * a3 + a2) * r + a1) * r + a0;
    Lanes.set(weight, Lanes.get(weight) - m * inverse * sum);
    Lanes.set(moment, m * decay1);
    Lanes.set(square, v * decay2);
  }
}
