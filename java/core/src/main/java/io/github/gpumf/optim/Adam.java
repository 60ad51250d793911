package io.github.gpumf.optim;

import java.util.Objects;

/**
 * Adam as Keras has it (D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015,
 * in the form of section 2 there):
 *
 * <pre>{@code
 * m += (g - m) * (1 - beta1)
 * v += (g * g - v) * (1 - beta2)
 * w -= m * lr * sqrt(1 - beta2^t) / (1 - beta1^t) / (sqrt(v) + epsilon)
 * }</pre>
 *
 * <p>Every row of a table moves in every step: the momentum of a row outside the batch decays and
 * still moves it.
 *
 * @param learningRate the schedule
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment; at least 1.2e-38
 */
public record Adam(LearningRate learningRate, double beta1, double beta2, double epsilon)
    implements Optimizer {
  /** Checks the numbers. */
  public Adam {
    Objects.requireNonNull(learningRate, "learningRate");
    Checks.adam(beta1, beta2, epsilon);
  }

  /**
   * Keras' other defaults: beta1 0.9, beta2 0.999, epsilon 1e-7.
   *
   * @param learningRate the schedule
   */
  public Adam(LearningRate learningRate) {
    this(learningRate, 0.9, 0.999, 1e-7);
  }

  /**
   * A constant rate and Keras' other defaults.
   *
   * @param learningRate positive and finite
   */
  public Adam(double learningRate) {
    this(LearningRate.constant(learningRate));
  }

  @Override
  public Adam withLearningRate(LearningRate newLearningRate) {
    return new Adam(newLearningRate, beta1, beta2, epsilon);
  }
}
