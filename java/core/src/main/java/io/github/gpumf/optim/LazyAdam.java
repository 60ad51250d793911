package io.github.gpumf.optim;

import java.util.Objects;

/**
 * {@link Adam} for the rows of the batch alone: the moments of all other rows rest, and so do their
 * weights. t counts the steps of the training, not those of a row. Cheaper than Adam and different
 * from it, hence the name of its own (TensorFlow Addons: LazyAdam; PyTorch: SparseAdam).
 *
 * @param learningRate the schedule
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment; at least 1.2e-38
 */
public record LazyAdam(LearningRate learningRate, double beta1, double beta2, double epsilon)
    implements Optimizer {
  /** Checks the numbers. */
  public LazyAdam {
    Objects.requireNonNull(learningRate, "learningRate");
    Checks.adam(beta1, beta2, epsilon);
  }

  /**
   * Keras' other defaults: beta1 0.9, beta2 0.999, epsilon 1e-7.
   *
   * @param learningRate the schedule
   */
  public LazyAdam(LearningRate learningRate) {
    this(learningRate, 0.9, 0.999, 1e-7);
  }

  /**
   * A constant rate and Keras' other defaults.
   *
   * @param learningRate positive and finite
   */
  public LazyAdam(double learningRate) {
    this(LearningRate.constant(learningRate));
  }

  @Override
  public LazyAdam withLearningRate(LearningRate newLearningRate) {
    return new LazyAdam(newLearningRate, beta1, beta2, epsilon);
  }
}
