package io.github.gpumf.backend.scalar;

import io.github.gpumf.model.FloatTable;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer's formula, for a row of a table. The formulas stand in the Javadoc of the
 * optimizers.
 */
abstract class RowUpdate {
  private final LearningRate schedule;

  /** The learning rate of the current step. */
  double rate;

  private RowUpdate(LearningRate schedule) {
    this.schedule = schedule;
  }

  static RowUpdate of(Optimizer optimizer) {
    return switch (optimizer) {
      case Adam adam ->
          new Moments(adam.learningRate(), adam.beta1(), adam.beta2(), adam.epsilon());
      case LazyAdam lazy ->
          new Moments(lazy.learningRate(), lazy.beta1(), lazy.beta2(), lazy.epsilon());
      case Sgd sgd -> new Descent(sgd.learningRate());
      case AdaGrad adaGrad ->
          adaGrad.accumulator() == Accumulator.ROW
              ? new RowAccumulator(adaGrad)
              : new ElementAccumulator(adaGrad);
    };
  }

  /**
   * Called once before the moves of a step; steps count from 0.
   *
   * @param moves as often as weights have been moved before: as many as steps, or with an update
   *     per rating the ratings visited
   */
  void startStep(long step, long stepsPerEpoch, long moves) {
    rate = schedule.at(step, stepsPerEpoch);
  }

  /**
   * Moves one row of a table along its gradient.
   *
   * @param squares for each number of the gradient by how much AdaGrad's G grows; null where that
   *     is its square
   */
  void move(
      FloatTable table,
      List<FloatTable> slots,
      FloatTable gradients,
      @Nullable FloatTable squares,
      long row) {
    moveElements(table, slots, gradients, squares, row);
  }

  /**
   * The same where every element stands for itself, whatever the optimizer does with rows: the two
   * numbers of a Dense head.
   */
  abstract void moveElements(
      FloatTable table,
      List<FloatTable> slots,
      FloatTable gradients,
      @Nullable FloatTable squares,
      long row);

  private static final class Descent extends RowUpdate {
    Descent(LearningRate schedule) {
      super(schedule);
    }

    @Override
    void moveElements(
        FloatTable table,
        List<FloatTable> slots,
        FloatTable gradients,
        @Nullable FloatTable squares,
        long row) {
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, table.get(row, column) - (float) rate * gradients.get(row, column));
      }
    }
  }

  /** Adam and LazyAdam: they differ only in the rows they are called for. */
  private static final class Moments extends RowUpdate {
    private final double beta1;
    private final double beta2;
    private final float epsilon;
    private float alpha;

    Moments(LearningRate schedule, double beta1, double beta2, double epsilon) {
      super(schedule);
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = (float) epsilon;
    }

    @Override
    void startStep(long step, long stepsPerEpoch, long moves) {
      super.startStep(step, stepsPerEpoch, moves);
      double t = (double) (moves + 1);
      alpha = (float) (rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t)));
    }

    @Override
    void moveElements(
        FloatTable table,
        List<FloatTable> slots,
        FloatTable gradients,
        @Nullable FloatTable squares,
        long row) {
      FloatTable firstMoments = slots.get(0);
      FloatTable secondMoments = slots.get(1);
      for (int column = 0; column < table.columns(); column++) {
        float g = gradients.get(row, column);
        float m = firstMoments.get(row, column);
        float v = secondMoments.get(row, column);
        m += (g - m) * (float) (1 - beta1);
        v += (g * g - v) * (float) (1 - beta2);
        firstMoments.set(row, column, m);
        secondMoments.set(row, column, v);
        table.set(
            row, column, table.get(row, column) - m * alpha / ((float) Math.sqrt(v) + epsilon));
      }
    }
  }

  private static class ElementAccumulator extends RowUpdate {
    final float epsilon;

    ElementAccumulator(AdaGrad adaGrad) {
      super(adaGrad.learningRate());
      epsilon = (float) adaGrad.epsilon();
    }

    @Override
    void moveElements(
        FloatTable table,
        List<FloatTable> slots,
        FloatTable gradients,
        @Nullable FloatTable squares,
        long row) {
      FloatTable accumulators = slots.get(0);
      for (int column = 0; column < table.columns(); column++) {
        float g = gradients.get(row, column);
        float sum = accumulators.get(row, column) + square(gradients, squares, row, column);
        accumulators.set(row, column, sum);
        table.set(
            row,
            column,
            table.get(row, column) - (float) rate * g / ((float) Math.sqrt(sum) + epsilon));
      }
    }

    static float square(FloatTable gradients, @Nullable FloatTable squares, long row, int column) {
      float g = gradients.get(row, column);
      return squares == null ? g * g : squares.get(row, column);
    }
  }

  private static final class RowAccumulator extends ElementAccumulator {
    RowAccumulator(AdaGrad adaGrad) {
      super(adaGrad);
    }

    @Override
    void move(
        FloatTable table,
        List<FloatTable> slots,
        FloatTable gradients,
        @Nullable FloatTable squares,
        long row) {
      float growth = 0;
      for (int column = 0; column < table.columns(); column++) {
        growth += square(gradients, squares, row, column);
      }
      float sum = slots.get(0).get(row, 0) + growth / table.columns();
      slots.get(0).set(row, 0, sum);
      float factor = (float) rate / ((float) Math.sqrt(sum) + epsilon);
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, table.get(row, column) - factor * gradients.get(row, column));
      }
    }
  }
}
