package io.github.gpumf.bench.peers;

/**
 * How long a contest goes on for each who takes part. An epoch may take ten milliseconds or ten
 * seconds: who is fast gets more turns, since a compiler needs time, not turns, and a median needs
 * turns.
 *
 * @param warmUps turns that do not count, at least
 * @param warmUpSeconds that they take together, at least
 * @param rounds in which everybody has turns that count
 * @param roundSeconds that the turns of a round take together, at least
 */
record Pace(int warmUps, double warmUpSeconds, int rounds, double roundSeconds) {

  /** So many turns, all of which count. */
  static Pace exactly(int turns) {
    return new Pace(0, 0, turns, 0);
  }

  /** Rounds of those that are warm. */
  static Pace warm(int rounds) {
    return new Pace(1, 3, rounds, 0.25);
  }
}
