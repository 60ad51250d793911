package io.github.gpumf.backend.vector;

import io.github.gpumf.optim.LearningRate;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Adam and LazyAdam, for {@link Shaped}: they differ only in the rows they are called for. */
final class Moments extends RowUpdate {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  private final double beta1;
  private final double beta2;
  private final float weight1;
  private final float weight2;
  private final float epsilon;
  private float alpha;

  /** {@link Shaped} calls it. */
  Moments(LearningRate schedule, double beta1, double beta2, double epsilon) {
    super(schedule);
    this.beta1 = beta1;
    this.beta2 = beta2;
    weight1 = (float) (1 - beta1);
    weight2 = (float) (1 - beta2);
    this.epsilon = (float) epsilon;
  }

  @Override
  void startStep(long step, long stepsPerEpoch) {
    super.startStep(step, stepsPerEpoch);
    alpha = alpha(step, stepsPerEpoch);
  }

  @Override
  float alpha(long step, long stepsPerEpoch, long moves) {
    double t = (double) (moves + 1);
    float uncorrected = super.alpha(step, stepsPerEpoch, moves);
    return (float) (uncorrected * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t)));
  }

  @Override
  void moveRow(long weights, long first, long second, long gradients, int bytes, int columns) {
    long w = Lanes.address(weights);
    long m = Lanes.address(first);
    long v = Lanes.address(second);
    long g = Lanes.address(gradients);
    for (int at = 0; at < ROW_BYTES; at += Lanes.BYTES) {
      moveVector(w + at, m + at, v + at, g + at);
    }
  }

  @Override
  void moveRows(Side side, int[] rows, int from, int to, long gradients) {
    long weights = side.factors.row(0);
    long moments = side.factorSlot(0, 0);
    long squares = side.factorSlot(1, 0);
    for (int number = from; number < to; number++) {
      long start = (long) rows[number] * ROW_BYTES;
      long w = Lanes.address(weights + start);
      long m = Lanes.address(moments + start);
      long v = Lanes.address(squares + start);
      long g = Lanes.address(gradients + (long) (number - from) * ROW_BYTES);
      for (int at = 0; at < ROW_BYTES; at += Lanes.BYTES) {
        moveVector(w + at, m + at, v + at, g + at);
      }
    }
  }

  @Override
  void moveElements(long weights, long first, long second, long gradients, int bytes) {
    for (int at = 0; at < bytes; at += Lanes.BYTES) {
      moveVector(weights + at, first + at, second + at, gradients + at);
    }
  }

  private void moveVector(long weights, long first, long second, long gradients) {
    FloatVector g = Lanes.load(gradients);
    FloatVector m = Lanes.load(first);
    FloatVector v = Lanes.load(second);
    m = m.add(g.sub(m).mul(weight1));
    v = v.add(g.mul(g).sub(v).mul(weight2));
    Lanes.store(m, first);
    Lanes.store(v, second);
    FloatVector move = m.mul(alpha).div(v.sqrt().add(epsilon));
    Lanes.store(Lanes.load(weights).sub(move), weights);
  }

  @Override
  void moveElement(long weight, long first, long second, float gradient) {
    float m = Lanes.get(first);
    float v = Lanes.get(second);
    m += (gradient - m) * weight1;
    v += (gradient * gradient - v) * weight2;
    Lanes.set(first, m);
    Lanes.set(second, v);
    Lanes.set(weight, Lanes.get(weight) - m * alpha / ((float) Math.sqrt(v) + epsilon));
  }
}
