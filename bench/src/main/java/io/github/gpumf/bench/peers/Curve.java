package io.github.gpumf.bench.peers;

import io.github.gpumf.bench.peers.Result.Turn;
import java.util.ArrayList;
import java.util.List;

/** RMSE against seconds. */
final class Curve {
  private Curve() {}

  /**
   * A point.
   *
   * @param seconds of training so far
   * @param rmse on held-out ratings
   */
  record Point(double seconds, double rmse) {}

  /** Seconds add up over epochs; a fit of ALS begins from nothing each time. */
  static List<Point> of(Result result) {
    List<Point> points = new ArrayList<>();
    boolean startsAnew = result.contestant().recipe().equals("als");
    double passed = 0;
    for (Turn turn : result.all()) {
      passed = turn.seconds() + (startsAnew ? 0 : passed);
      points.add(new Point(passed, turn.heldOutRmse()));
    }
    return points;
  }
}
