package io.github.gpumf.backend.vector;

import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;

/**
 * An optimizer's formula on memory. The formulas stand in the Javadoc of the optimizers.
 *
 * <p>Arguments are addresses: of weights, of the optimizer's numbers in its first and second slot
 * (anything, if it has none), and of gradients.
 */
abstract class RowUpdate {
  private final LearningRate schedule;

  /** The learning rate of the current step. */
  float rate;

  RowUpdate(LearningRate schedule) {
    this.schedule = schedule;
  }

  /** The formula of an optimizer, for rows of a shape. */
  static RowUpdate of(Optimizer optimizer, Shaped.Shape shape) {
    return switch (optimizer) {
      case Adam adam ->
          moments(adam.learningRate(), adam.beta1(), adam.beta2(), adam.epsilon(), shape);
      case LazyAdam lazy ->
          moments(lazy.learningRate(), lazy.beta1(), lazy.beta2(), lazy.epsilon(), shape);
      case Sgd sgd -> new Descent(sgd.learningRate());
      case AdaGrad adaGrad ->
          adaGrad.accumulator() == Accumulator.ROW
              ? new RowAccumulator(adaGrad)
              : new ElementAccumulator(adaGrad);
    };
  }

  private static RowUpdate moments(
      LearningRate schedule, double beta1, double beta2, double epsilon, Shaped.Shape shape) {
    MethodType parameters =
        MethodType.methodType(
            void.class, LearningRate.class, double.class, double.class, double.class);
    return (RowUpdate)
        Shaped.call(
            Shaped.constructor(Moments.class, shape, parameters), schedule, beta1, beta2, epsilon);
  }

  /** Called once before the moves of a step, by one thread; steps count from 0. */
  void startStep(long step, long stepsPerEpoch) {
    rate = (float) schedule.at(step, stepsPerEpoch);
  }

  /** The rate of a step: Adam's with the correction of both moments. */
  final float alpha(long step, long stepsPerEpoch) {
    return alpha(step, stepsPerEpoch, step);
  }

  /** The rate of a step before which weights have been moved another number of times. */
  float alpha(long step, long stepsPerEpoch, long moves) {
    return (float) schedule.at(step, stepsPerEpoch);
  }

  /** Moves a row of factors; {@code columns} floats of it count, the rest is padding. */
  void moveRow(long weights, long first, long second, long gradients, int bytes, int columns) {
    moveElements(weights, first, second, gradients, bytes);
  }

  /**
   * Moves rows of factors.
   *
   * @param from the first one's place in {@code rows}
   * @param to after the last one's
   * @param gradients their address, that of the first one first
   */
  void moveRows(Side side, int[] rows, int from, int to, long gradients) {
    int bytes = side.factors.rowBytes();
    int columns = side.factors.columns();
    long gradient = gradients;
    for (int number = from; number < to; number++) {
      int row = rows[number];
      moveRow(
          side.factors.row(row),
          side.factorSlot(0, row),
          side.factorSlot(1, row),
          gradient,
          bytes,
          columns);
      gradient += bytes;
    }
  }

  /** Moves whole vectors of weights that each stand for themselves. */
  abstract void moveElements(long weights, long first, long second, long gradients, int bytes);

  /** Moves one weight. */
  abstract void moveElement(long weight, long first, long second, float gradient);

  private static final class Descent extends RowUpdate {
    Descent(LearningRate schedule) {
      super(schedule);
    }

    @Override
    void moveElements(long weights, long first, long second, long gradients, int bytes) {
      Rows.addScaled(weights, -rate, gradients, bytes);
    }

    @Override
    void moveElement(long weight, long first, long second, float gradient) {
      Lanes.set(weight, Lanes.get(weight) - rate * gradient);
    }
  }

  private static class ElementAccumulator extends RowUpdate {
    final float epsilon;

    ElementAccumulator(AdaGrad adaGrad) {
      super(adaGrad.learningRate());
      epsilon = (float) adaGrad.epsilon();
    }

    @Override
    void moveElements(long weights, long first, long second, long gradients, int bytes) {
      for (int at = 0; at < bytes; at += Lanes.BYTES) {
        FloatVector g = Lanes.load(gradients + at);
        FloatVector sum = Lanes.load(first + at).add(g.mul(g));
        Lanes.store(sum, first + at);
        FloatVector move = g.mul(rate).div(sum.sqrt().add(epsilon));
        Lanes.store(Lanes.load(weights + at).sub(move), weights + at);
      }
    }

    @Override
    void moveElement(long weight, long first, long second, float gradient) {
      float sum = Lanes.get(first) + gradient * gradient;
      Lanes.set(first, sum);
      Lanes.set(weight, Lanes.get(weight) - rate * gradient / ((float) Math.sqrt(sum) + epsilon));
    }
  }

  private static final class RowAccumulator extends ElementAccumulator {
    RowAccumulator(AdaGrad adaGrad) {
      super(adaGrad);
    }

    @Override
    void moveRow(long weights, long first, long second, long gradients, int bytes, int columns) {
      float sum = Lanes.get(first) + Rows.dot(gradients, gradients, bytes) / columns;
      Lanes.set(first, sum);
      Rows.addScaled(weights, -rate / ((float) Math.sqrt(sum) + epsilon), gradients, bytes);
    }
  }
}
