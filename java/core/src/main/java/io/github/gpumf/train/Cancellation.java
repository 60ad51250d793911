package io.github.gpumf.train;

/**
 * A switch that stops a training from another thread. Once thrown it stays thrown. Safe for any
 * number of threads.
 */
public final class Cancellation {
  private volatile boolean cancelled;

  /** Makes a switch that has not been thrown. */
  public Cancellation() {}

  /**
   * Asks the training to stop, with the model of its last finished epoch. It looks about ten times
   * a second, between batches or rounds of a grid; while it opens, or measures an epoch on held-out
   * ratings, or writes a checkpoint, it does not. Before the first has finished that model has
   * learnt nothing: see {@link TrainingResult#modelEpoch}.
   */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Whether it was thrown.
   *
   * @return true after {@link #cancel}
   */
  public boolean isCancelled() {
    return cancelled;
  }
}
