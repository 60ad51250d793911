package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The error of weights on held-out ratings. They stay on the device, since a training measures the
 * same ones after every epoch.
 */
final class HeldOutErrors implements AutoCloseable {
  private final TrainingJob job;
  private final Kernels kernels;
  private final Launches launches;
  private final CudaContext context;
  private @Nullable Ratings uploaded;
  private @Nullable DeviceRatings ratings;
  private @Nullable DeviceArena arena;

  HeldOutErrors(TrainingJob job, Kernels kernels, Launches launches, CudaContext context) {
    this.job = job;
    this.kernels = kernels;
    this.launches = launches;
    this.context = context;
  }

  /** Device memory at most. */
  static long bytes(TrainingShape shape, Launches launches) {
    if (shape.heldOut() == 0) {
      return 0;
    }
    int group = Launches.group(DeviceTable.vectors(shape.spec().factors()));
    long sums = launches.groups(shape.heldOut(), group).gridX() + 1L;
    return DeviceRatings.bytes(shape.heldOut(), false) + sums * Double.BYTES;
  }

  /** The sum of squared errors, clipped as predictions are. The weights must not be moving. */
  double squaredError(Ratings heldOut, DeviceWeights weights) {
    if (heldOut.size() == 0) {
      return 0;
    }
    DeviceRatings onDevice = upload(heldOut);
    try (DeviceArena scratch = new DeviceArena(context);
        Arena host = Arena.ofConfined()) {
      int group = Launches.group(weights.userFactors().vectors());
      LaunchShape shape = launches.groups(heldOut.size(), group);
      DeviceBuffer partials = scratch.doubles(shape.gridX());
      DeviceBuffer sum = scratch.doubles(1);
      boolean halves = weights.userFactors().ofHalves();
      kernels
          .kernel(
              halves ? "halves" : "predictions",
              halves ? "squared_errors_of_halves" : "squared_errors")
          .call(
              weights.userFactors().buffer(),
              weights.itemFactors().buffer(),
              weights.userFactors().vectors(),
              group,
              Arguments.orNull(weights.userBias()),
              Arguments.orNull(weights.itemBias()),
              Arguments.orNull(weights.dense()),
              job.offset(),
              job.spec().clip() ? job.ratings().minValue() : Float.NEGATIVE_INFINITY,
              job.spec().clip() ? job.ratings().maxValue() : Float.POSITIVE_INFINITY,
              onDevice.users(),
              onDevice.items(),
              onDevice.values(),
              onDevice.size(),
              partials)
          .launch(scratch.stream(), shape);
      kernels
          .kernel("totals", "sum_partials")
          .call(partials, shape.gridX(), sum)
          .launch(scratch.stream(), Launches.one(shape.gridX()));
      MemorySegment answer = host.allocate(ValueLayout.JAVA_DOUBLE);
      sum.copyTo(answer, scratch.stream());
      scratch.stream().synchronize();
      return answer.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  private DeviceRatings upload(Ratings heldOut) {
    if (ratings == null || uploaded != heldOut) {
      close();
      DeviceArena fresh = new DeviceArena(context);
      ratings =
          DeviceArena.orClose(
              fresh,
              () -> {
                DeviceRatings copy = DeviceRatings.uploadUnweighted(heldOut, fresh, fresh.stream());
                fresh.stream().synchronize();
                return copy;
              });
      arena = fresh;
      uploaded = heldOut;
    }
    return ratings;
  }

  @Override
  public void close() {
    ratings = null;
    uploaded = null;
    if (arena != null) {
      DeviceArena old = arena;
      arena = null;
      old.close();
    }
  }
}
