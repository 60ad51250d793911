package io.github.gpumf.optim;

import java.util.Objects;

/**
 * Plain stochastic gradient descent: {@code w -= lr * g}. The loss is a mean over the batch, so the
 * rate that fits grows with the batch size.
 *
 * @param learningRate the schedule
 */
public record Sgd(LearningRate learningRate) implements Optimizer {
  /** Checks that there is a rate. */
  public Sgd {
    Objects.requireNonNull(learningRate, "learningRate");
  }

  /**
   * A constant rate.
   *
   * @param learningRate positive and finite
   */
  public Sgd(double learningRate) {
    this(LearningRate.constant(learningRate));
  }

  @Override
  public Sgd withLearningRate(LearningRate newLearningRate) {
    return new Sgd(newLearningRate);
  }
}
