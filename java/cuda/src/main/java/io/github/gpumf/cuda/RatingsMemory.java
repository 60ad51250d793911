package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.CudaException;

/**
 * Whether the ratings of a training lie on the device or stream there. They stream where they do
 * not fit, or where {@code -Dgpumf.cuda.ratings=BYTES} leaves them less than they need.
 */
final class RatingsMemory {
  /** Bytes of device memory that ratings may take, for a device that is shared. */
  static final String PROPERTY = "gpumf.cuda.ratings";

  /** A window's columns and index. */
  private static final long BYTES_OF_POSITION = 52;

  /** What drivers and other users of the device may want meanwhile: a sixteenth of what is free. */
  private static final int SHARE_LEFT = 16;

  private RatingsMemory() {}

  /**
   * Makes the source of a training's windows.
   *
   * @param weightBytes of the model; the gradient and two copies that are kept come after this
   * @throws CudaException if not even streamed ratings fit
   */
  static WindowSource source(
      TrainingJob job, long weightBytes, Kernels kernels, Launches launches, DeviceArena arena) {
    long budget = budget(job, weightBytes, arena);
    if (StreamedRatings.bytes(job.ratings()) <= budget) {
      DeviceArena own = new DeviceArena(arena.context());
      try {
        WindowSource resident =
            DeviceArena.orClose(own, () -> new ResidentRatings(job, kernels, launches, own));
        arena.own(own::close);
        return resident;
      } catch (CudaException failure) {
        // Somebody else was quicker.
        if (!failure.errorName().equals("CUDA_ERROR_OUT_OF_MEMORY")) {
          throw failure;
        }
      }
    }
    return new StreamedRatings(job, budget, arena);
  }

  private static long budget(TrainingJob job, long weightBytes, DeviceArena arena) {
    long positions = Window.positions(job, Window.MOST_POSITIONS);
    long free = arena.context().memory().free();
    long left =
        Math.max(0, free - free / SHARE_LEFT - 3 * weightBytes - BYTES_OF_POSITION * positions);
    String given = System.getProperty(PROPERTY);
    if (given == null) {
      return left;
    }
    try {
      return Math.min(left, Long.parseLong(given));
    } catch (NumberFormatException malformed) {
      throw new IllegalArgumentException(
          "-D" + PROPERTY + " is " + given + "; give bytes of device memory, such as 2000000000",
          malformed);
    }
  }
}
