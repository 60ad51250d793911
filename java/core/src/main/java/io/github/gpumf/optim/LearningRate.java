package io.github.gpumf.optim;

/**
 * How the learning rate goes over the steps of a training. Time is counted in epochs, as a
 * fraction: step s of n a epoch is at s / n, so a schedule means the same whatever the batch size.
 *
 * @param initial the rate at the start, after any warm-up; positive and finite
 * @param decay the shape of the way down
 * @param warmUpEpochs over these first epochs the rate is multiplied by (s + 1) / (warmUpEpochs *
 *     n), up to 1; 0 for none. Not negative and finite
 */
public record LearningRate(double initial, Decay decay, double warmUpEpochs) {

  /** The shape of the way down. */
  public sealed interface Decay {}

  /** The rate stays. */
  public record Constant() implements Decay {}

  /**
   * The rate is multiplied by the factor in every epoch, smoothly: {@code initial * factor^(s /
   * n)}.
   *
   * @param factor in (0, 1]
   */
  public record Exponential(double factor) implements Decay {
    /** Checks the factor. */
    public Exponential {
      if (!(factor > 0 && factor <= 1)) {
        throw new IllegalArgumentException("decay factor must be in (0, 1], not " + factor);
      }
    }
  }

  /**
   * Half a cosine from the initial rate to zero, then zero's neighbourhood: {@code initial *
   * max(floor, (1 + cos(pi * s / (n * epochs))) / 2)} (I. Loshchilov, F. Hutter, "SGDR", ICLR
   * 2017).
   *
   * @param epochs when the cosine reaches zero; positive
   * @param floor the smallest fraction of the initial rate; in [0, 1]
   */
  public record Cosine(double epochs, double floor) implements Decay {
    /** Checks the numbers. */
    public Cosine {
      if (!(epochs > 0) || Double.isInfinite(epochs)) {
        throw new IllegalArgumentException(
            "cosine epochs must be positive and finite, not " + epochs);
      }
      if (!(floor >= 0 && floor <= 1)) {
        throw new IllegalArgumentException("cosine floor must be in [0, 1], not " + floor);
      }
    }
  }

  /** Checks the numbers. */
  public LearningRate {
    if (!(initial > 0) || Double.isInfinite(initial)) {
      throw new IllegalArgumentException(
          "learning rate must be positive and finite, not " + initial);
    }
    if (!(warmUpEpochs >= 0) || Double.isInfinite(warmUpEpochs)) {
      throw new IllegalArgumentException(
          "warm-up must be a finite number of epochs, at least 0, not " + warmUpEpochs);
    }
  }

  /**
   * A rate that stays.
   *
   * @param rate positive and finite
   * @return the schedule
   */
  public static LearningRate constant(double rate) {
    return new LearningRate(rate, new Constant(), 0);
  }

  /**
   * A rate that is multiplied by a factor in every epoch.
   *
   * @param initial positive and finite
   * @param factor in (0, 1]
   * @return the schedule
   */
  public static LearningRate exponential(double initial, double factor) {
    return new LearningRate(initial, new Exponential(factor), 0);
  }

  /**
   * A rate that falls to zero along half a cosine.
   *
   * @param initial positive and finite
   * @param epochs when it reaches zero
   * @return the schedule
   */
  public static LearningRate cosine(double initial, double epochs) {
    return new LearningRate(initial, new Cosine(epochs, 0), 0);
  }

  /**
   * The same schedule, warmed up.
   *
   * @param epochs length of the warm-up, at least 0
   * @return the schedule
   */
  public LearningRate withWarmUp(double epochs) {
    return new LearningRate(initial, decay, epochs);
  }

  /**
   * The rate of a step.
   *
   * @param step steps done before it, at least 0
   * @param stepsPerEpoch at least 1
   * @return a rate, at least 0
   */
  public double at(long step, long stepsPerEpoch) {
    double epoch = (double) step / stepsPerEpoch;
    double rate =
        switch (decay) {
          case Constant constant -> initial;
          case Exponential exponential -> initial * Math.pow(exponential.factor(), epoch);
          case Cosine cosine -> {
            double phase = Math.min(1, epoch / cosine.epochs());
            yield initial * Math.max(cosine.floor(), (1 + Math.cos(Math.PI * phase)) / 2);
          }
        };
    double warmUpSteps = warmUpEpochs * stepsPerEpoch;
    return step + 1 < warmUpSteps ? rate * (step + 1) / warmUpSteps : rate;
  }
}
