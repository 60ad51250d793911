package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;

/** Ratings that lie on the device: a window is gathered there ({@code batches.cu}). */
final class ResidentRatings implements WindowSource {
  private final TrainingJob job;
  private final Launches launches;
  private final Kernel gather;
  private final DeviceRatings all;
  private final int positions;

  /**
   * Uploads them.
   *
   * @param arena its own; its stream is through with the upload when this returns
   */
  ResidentRatings(
      TrainingJob job, int positions, Kernels kernels, Launches launches, DeviceArena arena) {
    this.job = job;
    this.launches = launches;
    gather = kernels.kernel("batches", "gather_batches");
    this.positions = positions;
    all = DeviceRatings.upload(job.ratings(), arena, arena.stream());
  }

  @Override
  public int positions() {
    return positions;
  }

  @Override
  public boolean weighted() {
    return all.weights() != null;
  }

  @Override
  public void fill(int epoch, long start, int count, DeviceRatings columns, Stream stream) {
    gather
        .call(
            all.users(),
            all.items(),
            all.values(),
            Arguments.orNull(all.weights()),
            all.size(),
            job.shuffle() ? 1 : 0,
            job.seed(),
            CounterRandom.of(job.seed(), Purpose.SHUFFLE, epoch).stream(),
            start,
            count,
            columns.users(),
            columns.items(),
            columns.values(),
            Arguments.orNull(columns.weights()))
        .launch(stream, launches.items(count));
  }
}
