package io.github.gpumf.train;

import io.github.gpumf.model.MfModel;
import java.util.List;

/**
 * A model and how it was reached.
 *
 * @param model the model
 * @param history one report an epoch, also of epochs before a resumed checkpoint
 * @param stopReason why there was no further epoch
 * @param bestEpoch the epoch, from 1, with the lowest validation RMSE, where an epoch counts as
 *     better by the least improvement of early stopping; 0 without validation ratings
 * @param modelEpoch the epoch, from 1, that the model is of: the last of the history, or the best
 *     if early stopping restores it; 0 if the training was cancelled before an epoch had ended, so
 *     that the model has learnt nothing
 * @param backend which one and why, one line
 */
public record TrainingResult(
    MfModel model,
    List<EpochReport> history,
    StopReason stopReason,
    int bestEpoch,
    int modelEpoch,
    String backend) {
  /** Why there was no further epoch. */
  public enum StopReason {
    /** All epochs were run. */
    COMPLETED,
    /** The validation RMSE stopped falling. */
    EARLY_STOPPED,
    /**
     * Cancelled or interrupted; the model is that of the last finished epoch, or of the best one if
     * early stopping restores it. If none had finished, it is one of random factors that has learnt
     * nothing, and {@link TrainingResult#modelEpoch} is 0.
     */
    CANCELLED
  }

  /** Copies the history. */
  public TrainingResult {
    history = List.copyOf(history);
  }
}
