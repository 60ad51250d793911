package io.github.gpumf.train;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where and how often the state of a training is saved, so that a run killed at any moment can go
 * on and end with the same bits.
 *
 * <p>A checkpoint holds the weights, the optimizer's slots, the history and what early stopping
 * goes by, and what the training was: model, optimizer, seed, batch size, shuffling, early
 * stopping, fingerprints of the data, and backend. A resumed training must be the same in all of
 * these; it may have more epochs, other threads, listeners and intervals. A cancelled training has
 * the checkpoints of its finished epochs, as far as they were due.
 *
 * <p>The optimizer's schedule is part of it. The cosine of {@link TrainingOptions#tuned} and {@link
 * TrainingOptions#withEpochs} falls to zero over the epochs of the training, so a training with
 * more of them is another one, and its checkpoints are refused. A training that is to go on for
 * longer later needs a schedule that does not name its epochs, such as {@link
 * io.github.gpumf.optim.LearningRate#constant}.
 *
 * @param directory made if it is missing; belongs to one training at a time
 * @param everyEpochs a checkpoint is written after every so many epochs, and after the last; at
 *     least 1
 * @param resume whether to go on from the newest checkpoint in the directory, if there is one; if
 *     not, a directory with checkpoints is refused, so that none is lost
 */
public record Checkpointing(Path directory, int everyEpochs, boolean resume) {
  /**
   * Checks the interval.
   *
   * @throws IllegalArgumentException if the interval is below 1
   */
  public Checkpointing {
    Objects.requireNonNull(directory, "directory");
    if (everyEpochs < 1) {
      throw new IllegalArgumentException(
          "checkpoints need an interval of at least 1 epoch, not " + everyEpochs);
    }
  }
}
