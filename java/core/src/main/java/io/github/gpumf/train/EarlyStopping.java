package io.github.gpumf.train;

/**
 * When to stop before the last epoch: the validation RMSE has not fallen for some epochs.
 *
 * @param patience stop after so many epochs in a row without a new best; at least 1
 * @param minImprovement what a new best must be better by; at least 0
 * @param restoreBest whether the model is that of the best epoch rather than of the last
 */
public record EarlyStopping(int patience, double minImprovement, boolean restoreBest) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException naming the number that is out of range
   */
  public EarlyStopping {
    if (patience < 1) {
      throw new IllegalArgumentException("patience must be at least 1 epoch, not " + patience);
    }
    if (!(minImprovement >= 0) || Double.isInfinite(minImprovement)) {
      throw new IllegalArgumentException(
          "the least improvement must be finite and at least 0, not " + minImprovement);
    }
  }

  /**
   * Any improvement counts, and the best epoch's model is restored.
   *
   * @param patience at least 1
   * @throws IllegalArgumentException if the patience is below 1
   */
  public EarlyStopping(int patience) {
    this(patience, 0, true);
  }
}
