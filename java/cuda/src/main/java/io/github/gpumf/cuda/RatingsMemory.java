package io.github.gpumf.cuda;

import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.backend.TrainingShape;

/**
 * Whether the ratings of a training in batches lie on the device or stream there. They stream where
 * they do not fit beside all else, or where {@code -Dgpumf.cuda.ratings=BYTES} leaves them less
 * than they need.
 *
 * @param resident whether they lie there
 * @param positions of a window
 */
record RatingsMemory(boolean resident, int positions) {
  /** Bytes of device memory that ratings may take, for a device that is shared. */
  static final String PROPERTY = "gpumf.cuda.ratings";

  /**
   * Decides.
   *
   * @param free bytes of the device, before anything is allocated
   */
  static RatingsMemory of(TrainingShape shape, Launches launches, long free) {
    RatingsMemory resident =
        new RatingsMemory(true, Window.positions(shape, Window.MOST_POSITIONS));
    long left = free - DevicePlan.bytesBesideRatings(shape, launches, resident.positions);
    long budget = Math.min(left, given());
    return resident.bytes(shape) <= budget ? resident : streamed(shape, budget);
  }

  /**
   * Streams, in windows of as many ratings as two of them may take.
   *
   * @param budget bytes; one batch is streamed at a time if it is less than that takes
   */
  static RatingsMemory streamed(TrainingShape shape, long budget) {
    long ofPosition = StreamedRatings.SLOTS * DeviceRatings.bytes(1, shape.weighted());
    long most = Math.clamp(budget / ofPosition, 0, Window.MOST_POSITIONS);
    return new RatingsMemory(false, Window.positions(shape, (int) most));
  }

  /** Device memory of the ratings, windows aside. */
  long bytes(TrainingShape shape) {
    return resident
        ? DeviceRatings.bytes(shape.ratings(), shape.weighted())
        : StreamedRatings.SLOTS * DeviceRatings.bytes(positions, shape.weighted());
  }

  Part part(TrainingShape shape) {
    return new Part(resident ? "ratings" : "two windows of streamed ratings", bytes(shape));
  }

  private static long given() {
    String given = System.getProperty(PROPERTY);
    if (given == null) {
      return Long.MAX_VALUE;
    }
    try {
      return Long.parseLong(given);
    } catch (NumberFormatException malformed) {
      throw new IllegalArgumentException(
          "-D" + PROPERTY + " is " + given + "; give bytes of device memory, such as 2000000000",
          malformed);
    }
  }
}
