package io.github.gpumf.optim;

/**
 * How factors are stored while a model is trained. All arithmetic is in float, and so is all else
 * that is stored: biases, the optimizer's numbers, and the model that a training hands back.
 */
public enum Precision {
  /** As floats: nothing is rounded but the results of the arithmetic. */
  SINGLE,

  /**
   * As halves, IEEE 754's binary16: 11 significant bits, of numbers below 65,520. That is half the
   * memory of the factors, and half the bytes of an update whose optimizer has no number for each
   * factor: those are what a GPU's speed depends on where rows are long. With {@linkplain
   * Updates#PER_RATING an update per rating} only.
   *
   * <p>Factors are rounded to the nearest halves, of two as near to the even one, when a training
   * begins, and whenever a group of ratings ({@code RatingGrid}) has moved them: each row of the
   * group, after it. A move of less than half the distance between two halves is lost. So at every
   * look at the weights each factor is a half, and a training that goes on from them is the same as
   * one that was not interrupted.
   *
   * <p>A factor of 65,520 or more becomes infinite, which ends the training as divergence does.
   */
  HALF
}
