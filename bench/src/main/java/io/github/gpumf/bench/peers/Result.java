package io.github.gpumf.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a contestant did in its turns.
 *
 * @param group which contest it was
 * @param contestant who
 * @param warmUp turns that do not count
 * @param turns those that do, at least one
 * @param peakBytes the most memory that its process has had, see {@link PeakMemory}; empty where
 *     that is not known
 */
record Result(
    String group,
    Contestant contestant,
    List<Turn> warmUp,
    List<Turn> turns,
    OptionalLong peakBytes) {
  /**
   * One turn.
   *
   * @param seconds of training
   * @param trainingRmse of the predictions made while training, or NaN
   * @param heldOutRmse after it, or NaN
   */
  record Turn(double seconds, double trainingRmse, double heldOutRmse) {}

  Result {
    warmUp = List.copyOf(warmUp);
    turns = List.copyOf(turns);
  }

  /** The median time of a turn that counts. */
  double seconds() {
    double[] sorted = turns.stream().mapToDouble(Turn::seconds).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double fastest() {
    return turns.stream().mapToDouble(Turn::seconds).min().orElseThrow();
  }

  double slowest() {
    return turns.stream().mapToDouble(Turn::seconds).max().orElseThrow();
  }

  /** At the median time. */
  double ratingsPerSecond() {
    return contestant.data().ratings() / seconds();
  }

  /** Of the last turn. */
  Turn last() {
    return turns.getLast();
  }

  /** All turns, those of the warm-up first: what a newcomer waits for. */
  List<Turn> all() {
    List<Turn> all = new ArrayList<>(warmUp);
    all.addAll(turns);
    return all;
  }
}
