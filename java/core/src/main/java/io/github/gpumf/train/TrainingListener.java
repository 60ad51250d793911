package io.github.gpumf.train;

import java.util.Optional;

/**
 * Hears how a training goes, on the thread that trains: a slow listener slows the training. An
 * exception from a listener ends the training and reaches the caller.
 */
public interface TrainingListener {
  /**
   * The training is about to run its first epoch.
   *
   * @param start what is ahead
   */
  default void started(Start start) {}

  /**
   * Some more batches are done; called about ten times a second.
   *
   * @param epoch from 1
   * @param ratings done in this epoch so far
   */
  default void progressed(int epoch, long ratings) {}

  /**
   * An epoch has ended.
   *
   * @param report what it did
   */
  default void epochEnded(EpochReport report) {}

  /**
   * What is ahead.
   *
   * @param backend which one and why, one line
   * @param ratings in an epoch
   * @param firstEpoch from 1; later when a checkpoint is resumed
   * @param lastEpoch the last one, unless the training stops early
   * @param resumed which checkpoint it goes on from, and which newer ones could not be used and
   *     why, one line; empty if it starts anew
   */
  record Start(
      String backend, long ratings, int firstEpoch, int lastEpoch, Optional<String> resumed) {}
}
