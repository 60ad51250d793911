package io.github.gpumf.bench.peers;

import java.util.List;

/**
 * What contestants are to do.
 *
 * @param data to train on
 * @param measured whether each epoch is measured on the held-out ratings
 * @param factors k
 * @param batchSize ratings a step
 * @param threads to use
 * @param learningRate of the peers' Adam
 * @param regularization of the peers' factors
 */
record Task(
    RatingSet data,
    boolean measured,
    int factors,
    int batchSize,
    int threads,
    double learningRate,
    double regularization) {

  /** Epochs to be timed, with Keras' Adam as it comes. */
  static Task timed(RatingSet data, int factors, int batchSize, int threads) {
    return new Task(data, false, factors, batchSize, threads, 1e-3, 0);
  }

  /** Epochs whose models are to be good. */
  static Task accurate(RatingSet data, int factors, int batchSize, int threads) {
    return new Task(
        data, true, factors, batchSize, threads, Recipe.LEARNING_RATE, Recipe.REGULARIZATION);
  }

  String heldOut() {
    return measured ? data.heldOut().toString() : "-";
  }

  /** What processes of peers are told. */
  List<String> arguments() {
    return List.of(
        data.train().toString(),
        heldOut(),
        Integer.toString(factors),
        Integer.toString(batchSize),
        Integer.toString(threads),
        Double.toString(learningRate),
        Double.toString(regularization));
  }

  Contestant contestant(String engine, String recipe, List<String> command) {
    return new Contestant(engine, recipe, threads, factors, batchSize, data, command);
  }
}
