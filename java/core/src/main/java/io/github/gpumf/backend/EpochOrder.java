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

  /**
   * The rounds of an epoch where every rating is a step. They follow each other as in the grid,
   * from a random one on: a thread whose blocks are of neighbouring stripes of users then meets all
   * but one of the items' stripes again that it had in the round before. Where processors share no
   * cache, a random order of rounds takes a tenth longer.
   *
   * @param job its seed, its shuffling and its batches per epoch count
   * @param epoch from 0
   * @param batch the place in the epoch
   * @return the round of a {@link RatingGrid}
   */
  public static int round(TrainingJob job, int epoch, long batch) {
    long rounds = job.batchesPerEpoch();
    long first =
        job.shuffle() ? new Permutation(rounds, job.seed(), Purpose.SHUFFLE, epoch).apply(0) : 0;
    return (int) ((first + batch) % rounds);
  }
}
