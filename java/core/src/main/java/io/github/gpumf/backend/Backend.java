package io.github.gpumf.backend;

import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.List;

/**
 * A place where training and scoring can run. Backends hold no state of a training or of a model:
 * sessions and scorers do.
 *
 * <p>Safe for any number of threads.
 */
public interface Backend {
  /**
   * The name it is asked for by, such as {@code scalar}.
   *
   * @return lower case
   */
  String name();

  /**
   * What the bits of a training depend on besides its job: sums are made in another order with
   * other vectors or on another chip. A training goes on from a checkpoint only where this is the
   * same.
   *
   * @return a phrase; by default the name
   */
  default String arithmetic() {
    return name();
  }

  /**
   * What it runs on, for people: {@code 512-bit vectors, 2 threads}.
   *
   * @return a phrase
   */
  String device();

  /**
   * The backend on one of its devices.
   *
   * @param device its number, or the identity that the device's own tools print
   * @return a backend on that device alone
   * @throws BackendUnavailableException if there is no such device; the message names those that
   *     there are
   */
  default Backend on(String device) {
    throw new BackendUnavailableException(
        "backend " + name() + " has no devices to choose from; ask for " + name() + " alone", null);
  }

  /**
   * What it works with, for people who want to know why it is fast or not.
   *
   * @return what is used and what is not, and why; empty if there is nothing to tell
   */
  default List<Finding> findings() {
    return List.of();
  }

  /**
   * How it wants ratings cut where {@linkplain Updates#PER_RATING every rating is a step}. Its jobs
   * should have this; with another cut they have another order and so another result.
   *
   * @return the same at any time
   */
  default RatingGrid.Cut cut() {
    return RatingGrid.Cut.OF_PROCESSOR;
  }

  /**
   * How it stores factors where a training asks for a precision. Its jobs should have this; what
   * comes of them depends on it.
   *
   * @param asked what is wished for
   * @return that, or what the backend does in its place; the same at any time
   */
  default Precision precision(Precision asked) {
    return Precision.SINGLE;
  }

  /**
   * The memory that a training will take of what the backend runs on: on the host with the start
   * that its job holds and the model that it ends with, but without the ratings. Allocates nothing.
   *
   * @param shape of the training
   * @return bytes by part, and how many there are
   */
  MemoryPlan plan(TrainingShape shape);

  /**
   * Prepares a training: the ratings and the weights are where the backend wants them when this
   * returns.
   *
   * @param job what to train on what; its data must not change while the session is open
   * @return the session, to be closed by the caller
   * @throws DeviceException if the device has not the memory, or fails
   * @throws OutOfMemoryError if the host has not the memory
   * @throws IllegalArgumentException if the job has not the {@link #cut} or the {@link #precision}
   *     of this backend
   */
  TrainingSession openTraining(TrainingJob job);

  /**
   * Prepares a model for queries.
   *
   * @param model what to score with
   * @return the scorer, to be closed by the caller
   * @throws DeviceException if the device has not the memory, or fails
   */
  Scorer openScorer(MfModel model);
}
