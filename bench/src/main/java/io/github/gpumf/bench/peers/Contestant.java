package io.github.gpumf.bench.peers;

import java.util.List;

/**
 * Somebody who can be timed: what it is, and the process that takes its {@link Turns}.
 *
 * @param engine what trains, with its version
 * @param recipe how: an optimizer or an algorithm
 * @param threads it may use
 * @param factors k
 * @param batchSize ratings a step; 0 if it has no such thing
 * @param data what it trains on
 * @param command of the process
 */
record Contestant(
    String engine,
    String recipe,
    int threads,
    int factors,
    int batchSize,
    RatingSet data,
    List<String> command) {

  /** One line for progress and for notes. */
  String label() {
    return engine
        + ", "
        + recipe
        + ", k="
        + factors
        + (batchSize == 0 ? "" : ", batch " + batchSize)
        + ", threads "
        + threads
        + ", "
        + data.ratings()
        + " ratings";
  }
}
