package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;

/**
 * An optimizer in the words of {@code optimizers.cu}: the kernels' names, and the numbers of their
 * formulas.
 *
 * @param optimizer whose formula stands in its Javadoc
 * @param kernel what the names of its kernels begin with
 * @param slots numbers that a weight has beside itself
 * @param a 1 - beta1, or 0
 * @param b 1 - beta2, or 0
 * @param epsilon beside the root, or 0
 */
record UpdateRule(Optimizer optimizer, String kernel, int slots, float a, float b, float epsilon) {
  static UpdateRule of(Optimizer optimizer) {
    return switch (optimizer) {
      case Adam adam -> moments(adam, adam.beta1(), adam.beta2(), adam.epsilon());
      case LazyAdam lazy -> moments(lazy, lazy.beta1(), lazy.beta2(), lazy.epsilon());
      case Sgd sgd -> new UpdateRule(sgd, "sgd", 0, 0, 0, 0);
      case AdaGrad adaGrad ->
          new UpdateRule(adaGrad, "adagrad", 1, 0, 0, (float) adaGrad.epsilon());
    };
  }

  private static UpdateRule moments(
      Optimizer optimizer, double beta1, double beta2, double epsilon) {
    return new UpdateRule(
        optimizer, "adam", 2, (float) (1 - beta1), (float) (1 - beta2), (float) epsilon);
  }

  /** Whether a row of factors has one accumulator: kernels of its own. Biases have one anyway. */
  boolean byRow() {
    return optimizer instanceof AdaGrad adaGrad && adaGrad.accumulator() == Accumulator.ROW;
  }

  /**
   * Whether a step moves rows outside the batch too: their momentum decays, and they do not rest,
   * or Keras' L2 pulls at them.
   */
  static boolean movesEveryRow(TrainingShape shape) {
    return shape.optimizer() instanceof Adam
        ? !RestingRows.rest(shape)
        : shape.spec().l2() > 0 && !(shape.optimizer() instanceof LazyAdam);
  }

  /** The learning rate of a step, from 0; Adam's with the correction of both moments. */
  float rate(long step, long stepsPerEpoch) {
    return rate(step, stepsPerEpoch, step);
  }

  /** The rate of a step before which weights have been moved another number of times. */
  float rate(long step, long stepsPerEpoch, long moves) {
    float rate = (float) optimizer.learningRate().at(step, stepsPerEpoch);
    return switch (optimizer) {
      case Adam adam -> corrected(rate, adam.beta1(), adam.beta2(), moves);
      case LazyAdam lazy -> corrected(rate, lazy.beta1(), lazy.beta2(), moves);
      case Sgd sgd -> rate;
      case AdaGrad adaGrad -> rate;
    };
  }

  private static float corrected(float rate, double beta1, double beta2, long moves) {
    double t = (double) (moves + 1);
    return (float) (rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t)));
  }
}
