package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Weights;

/**
 * A session whose failures are those of the seam.
 *
 * @param session that does the work
 * @param failures of its device
 */
record GuardedSession(TrainingSession session, DeviceFailures failures) implements TrainingSession {
  @Override
  public EpochTotals run(int epoch, long from, long to) {
    return failures.guard(() -> session.run(epoch, from, to));
  }

  @Override
  public double squaredError(Ratings heldOut) {
    return failures.guard(() -> session.squaredError(heldOut));
  }

  @Override
  public boolean keep(Slot slot) {
    return failures.guard(() -> session.keep(slot));
  }

  @Override
  public Weights weights(Slot slot) {
    return failures.guard(() -> session.weights(slot));
  }

  @Override
  public TrainingState state() {
    return failures.guard(session::state);
  }

  @Override
  public void close() {
    failures.guard(
        () -> {
          session.close();
          return true;
        });
  }
}
