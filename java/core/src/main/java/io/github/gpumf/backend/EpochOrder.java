package io.github.gpumf.backend;

import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Permutation;

/** The order in which an epoch visits the ratings. The same on every backend. */
public final class EpochOrder {
  private EpochOrder() {}

  /**
   * The order of a shuffled epoch.
   *
   * @param job its seed and number of ratings count
   * @param epoch from 0
   * @return the row of each position
   */
  public static Permutation of(TrainingJob job, int epoch) {
    return new Permutation(job.ratings().size(), job.seed(), Purpose.SHUFFLE, epoch);
  }
}
