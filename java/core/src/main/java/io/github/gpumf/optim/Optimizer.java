package io.github.gpumf.optim;

/**
 * How weights move along the gradient of a batch. The records carry the parameters and the formula;
 * the backends do the arithmetic, in float.
 *
 * <p>In the formulas w is a weight, g its gradient in this batch, lr the {@link LearningRate} of
 * this step, t the number of the step from 1.
 */
public sealed interface Optimizer permits Adam, LazyAdam, Sgd, AdaGrad {
  /**
   * The schedule.
   *
   * @return its learning rate
   */
  LearningRate learningRate();

  /**
   * The same optimizer with another schedule.
   *
   * @param learningRate the new schedule
   * @return a copy
   */
  Optimizer withLearningRate(LearningRate learningRate);
}
