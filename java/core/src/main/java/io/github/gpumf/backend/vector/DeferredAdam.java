package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.optim.Adam;
import org.jspecify.annotations.Nullable;

/**
 * Keras' Adam at the cost of the batch: a row moves when a batch holds it, and is caught up over
 * the steps that it has rested when it is next read. How that is one pass over its floats stands in
 * {@link AdamTails}.
 *
 * <p>All rows are caught up at the end of an epoch, so that what leaves the training (weights,
 * checkpoints, errors) is current, and the bits do not depend on who looks.
 */
final class DeferredAdam {
  private final Adam adam;
  private final float epsilon;
  private final RowUpdate update;
  private final RowLoops rows;
  private AdamTails tails;
  private long first;

  private DeferredAdam(Adam adam, RowUpdate update, RowLoops rows) {
    this.adam = adam;
    this.update = update;
    this.rows = rows;
    epsilon = (float) adam.epsilon();
    tails = AdamTails.of(adam, 0, step -> 0);
  }

  /** Null where the terms are not good enough: then every row is to be moved in every step. */
  static @Nullable DeferredAdam of(Adam adam, RowUpdate update, RowLoops rows) {
    return AdamTails.areGoodEnough(adam) ? new DeferredAdam(adam, update, rows) : null;
  }

  /**
   * Prepares steps to come. Rows must be current.
   *
   * @param step steps done so far
   * @param steps to come, at most
   */
  void prepare(long step, long steps, long stepsPerEpoch) {
    first = step;
    tails =
        AdamTails.of(
            adam, Math.toIntExact(steps), ahead -> update.alpha(step + ahead, stepsPerEpoch));
  }

  /**
   * Moves a row of factors, and its bias, over the steps that it has rested. Arguments are
   * addresses: of weights, of m and of v.
   *
   * @param last the step after which the numbers are
   * @param step the step after which they shall be
   * @param weights 0 if there is only a bias
   * @param bias 0 if there is none
   */
  void catchUp(
      long last,
      long step,
      long weights,
      long moments,
      long squares,
      long bias,
      long biasMoment,
      long biasSquare) {
    int from = (int) (last - first);
    int to = (int) (step - first);
    double s0 = tails.sum(0, from, to);
    double s1 = tails.sum(1, from, to);
    double s2 = tails.sum(2, from, to);
    double s3 = tails.sum(3, from, to);
    float a0 = (float) s0;
    float a1 = (float) (s0 - s1);
    float a2 = (float) (s0 - 2 * s1 + s2);
    float a3 = (float) (s0 - 3 * s1 + 3 * s2 - s3);
    double root = tails.powerOfRoot(to - from);
    float decay1 = (float) tails.powerOfBeta1(to - from);
    float decay2 = (float) (root * root);
    if (weights != 0) {
      rows.catchUp(weights, moments, squares, epsilon, a0, a1, a2, a3, decay1, decay2);
    }
    if (bias != 0) {
      move(bias, biasMoment, biasSquare, a0, a1, a2, a3, decay1, decay2);
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
