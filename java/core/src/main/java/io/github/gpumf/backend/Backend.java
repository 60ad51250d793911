package io.github.gpumf.backend;

import io.github.gpumf.model.MfModel;

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
   * What it runs on, for people: {@code 512-bit vectors, 2 threads}.
   *
   * @return a phrase
   */
  String device();

  /**
   * Prepares a training: the ratings and the weights are where the backend wants them when this
   * returns.
   *
   * @param job what to train on what; its data must not change while the session is open
   * @return the session, to be closed by the caller
   */
  TrainingSession openTraining(TrainingJob job);

  /**
   * Prepares a model for queries.
   *
   * @param model what to score with
   * @return the scorer, to be closed by the caller
   */
  Scorer openScorer(MfModel model);
}
