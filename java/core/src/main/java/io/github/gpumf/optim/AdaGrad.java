package io.github.gpumf.optim;

import java.util.Objects;

/**
 * AdaGrad (J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods", JMLR 2011):
 *
 * <pre>{@code
 * G += g * g
 * w -= lr * g / (sqrt(G) + epsilon)
 * }</pre>
 *
 * <p>With {@link Accumulator#ROW} a row of a table has one G, which grows by the mean of g * g over
 * the row (W.-S. Chin et al., "A learning-rate schedule for stochastic gradient methods to matrix
 * factorization", PAKDD 2015; LIBMF keeps two a row). Weights that are a row of their own, such as
 * a bias, are the same either way.
 *
 * <p>Gradients of a mean loss shrink with the batch; G starts at 0 and epsilon is small, so that
 * the moves do not.
 *
 * @param learningRate the schedule
 * @param accumulator what has a G
 * @param epsilon added to the root of G; at least 1.2e-38
 */
public record AdaGrad(LearningRate learningRate, Accumulator accumulator, double epsilon)
    implements Optimizer {
  /** What has an accumulator of its own. */
  public enum Accumulator {
    /** Every weight. */
    ELEMENT,
    /** Every row of a table. */
    ROW
  }

  /** Checks the numbers. */
  public AdaGrad {
    Objects.requireNonNull(learningRate, "learningRate");
    Objects.requireNonNull(accumulator, "accumulator");
    Checks.epsilon(epsilon);
  }

  /**
   * A G for every weight, and epsilon 1e-10.
   *
   * @param learningRate the schedule
   */
  public AdaGrad(LearningRate learningRate) {
    this(learningRate, Accumulator.ELEMENT, 1e-10);
  }

  /**
   * A constant rate, a G for every weight, and epsilon 1e-10.
   *
   * @param learningRate positive and finite
   */
  public AdaGrad(double learningRate) {
    this(LearningRate.constant(learningRate));
  }

  @Override
  public AdaGrad withLearningRate(LearningRate newLearningRate) {
    return new AdaGrad(newLearningRate, accumulator, epsilon);
  }
}
