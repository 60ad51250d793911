package io.github.gpumf.optim;

/** The checks that the optimizers share. */
final class Checks {
  private Checks() {}

  static void adam(double beta1, double beta2, double epsilon) {
    if (!(beta1 >= 0 && beta1 < 1)) {
      throw new IllegalArgumentException("beta1 must be in [0, 1), not " + beta1);
    }
    if (!(beta2 >= 0 && beta2 < 1)) {
      throw new IllegalArgumentException("beta2 must be in [0, 1), not " + beta2);
    }
    epsilon(epsilon);
  }

  /**
   * Positive and finite also as a float, and a normal one, since GPUs take others for 0: a weight
   * without any gradient would otherwise become 0 / 0.
   */
  static void epsilon(double epsilon) {
    if (!((float) epsilon >= Float.MIN_NORMAL) || Float.isInfinite((float) epsilon)) {
      throw new IllegalArgumentException(
          "epsilon must be at least 1.2e-38 and finite (as a float too), not " + epsilon);
    }
  }
}
