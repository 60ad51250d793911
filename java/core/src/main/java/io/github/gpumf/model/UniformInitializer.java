package io.github.gpumf.model;

/**
 * Factors at the start of a training: uniform in [low, high).
 *
 * @param low finite as a float
 * @param high finite as a float, at least low; so is the difference of the two
 */
public record UniformInitializer(double low, double high) {
  /** Keras' {@code Embedding}: uniform in [-0.05, 0.05). */
  public static final UniformInitializer KERAS = new UniformInitializer(-0.05, 0.05);

  /** Checks the range. */
  public UniformInitializer {
    if (!(low <= high)
        || !Float.isFinite((float) low)
        || !Float.isFinite((float) high)
        || !Float.isFinite((float) (high - low))) {
      throw new IllegalArgumentException(
          "factors must start within a finite range low <= high, not " + low + ".." + high);
    }
  }

  /**
   * Turns a uniform number into a factor. One product and one sum, each rounded to float, so that
   * every backend gets the same bits.
   *
   * @param uniform in [0, 1)
   * @return the factor
   */
  public float apply(float uniform) {
    return uniform * (float) (high - low) + (float) low;
  }
}
