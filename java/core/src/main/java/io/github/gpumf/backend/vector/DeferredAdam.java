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
  /**
   * Steps that are prepared at a time: their tails take 3 MB, and to catch all rows up after so
   * many is nothing beside them.
   */
  static final int STRETCH = 1 << 16;

  private final Adam adam;
  private final float epsilon;
  private final RowUpdate update;
  private AdamTails tails;
  private long first;

  private DeferredAdam(Adam adam, RowUpdate update) {
    this.adam = adam;
    this.update = update;
    epsilon = (float) adam.epsilon();
    tails = AdamTails.of(adam, 0, step -> 0);
  }

  /** Bytes of the tails of an epoch of so many steps. */
  static long bytes(long steps) {
    return AdamTails.bytes(Math.min(steps, STRETCH));
  }

  /** Null where the terms are not good enough: then every row is to be moved in every step. */
  static @Nullable DeferredAdam of(Adam adam, RowUpdate update) {
    return AdamTails.areGoodEnough(adam) ? new DeferredAdam(adam, update) : null;
  }

  /**
   * Prepares steps to come. Rows must be current.
   *
   * @param step steps done so far
   * @param steps to come, at most {@value #STRETCH}
   */
  void prepare(long step, long steps, long stepsPerEpoch) {
    first = step;
    tails = AdamTails.of(adam, steps, ahead -> update.alpha(step + ahead, stepsPerEpoch));
  }

  /**
   * Finds the numbers of a rest.
   *
   * @param last the step after which a row's numbers are
   * @param step the step after which they shall be
   * @param numbers to be filled; {@link Rests} says which stands where
   * @param start the place of the first one
   */
  void findNumbers(long last, long step, float[] numbers, int start) {
    int from = (int) (last - first);
    int to = (int) (step - first);
    double beta1 = tails.powerOfBeta1(to - from);
    double root = tails.powerOfRoot(to - from);
    double rho = beta1;
    double s0 = tails.tail(0, from) - rho * tails.tail(0, to);
    rho *= root;
    double s1 = tails.tail(1, from) - rho * tails.tail(1, to);
    rho *= root;
    double s2 = tails.tail(2, from) - rho * tails.tail(2, to);
    rho *= root;
    double s3 = tails.tail(3, from) - rho * tails.tail(3, to);
    numbers[start + Rests.TERM_0] = (float) s0;
    numbers[start + Rests.TERM_1] = (float) (s0 - s1);
    numbers[start + Rests.TERM_2] = (float) (s0 - 2 * s1 + s2);
    numbers[start + Rests.TERM_3] = (float) (s0 - 3 * s1 + 3 * s2 - s3);
    numbers[start + Rests.DECAY_1] = (float) beta1;
    numbers[start + Rests.DECAY_2] = (float) (root * root);
  }

  /** What is added to roots. */
  float epsilon() {
    return epsilon;
  }

  /** Moves single numbers of rows over their rests; arguments are addresses of row 0. */
  void catchUpNumbers(Rests rests, long weights, long moments, long squares) {
    for (int number = 0; number < rests.count; number++) {
      long at = (long) rests.rows[number] * Float.BYTES;
      float m = Lanes.get(moments + at);
      float v = Lanes.get(squares + at);
      float root = (float) Math.sqrt(v);
      float inverse = 1 / (root + epsilon);
      float r = root * inverse;
      int start = rests.starts[number];
      float sum = rests.numbers[start + Rests.TERM_3];
      sum = sum * r + rests.numbers[start + Rests.TERM_2];
      sum = sum * r + rests.numbers[start + Rests.TERM_1];
      sum = sum * r + rests.numbers[start + Rests.TERM_0];
      Lanes.set(weights + at, Lanes.get(weights + at) - m * inverse * sum);
      Lanes.set(moments + at, m * rests.numbers[start + Rests.DECAY_1]);
      Lanes.set(squares + at, v * rests.numbers[start + Rests.DECAY_2]);
    }
  }
}
