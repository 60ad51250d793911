package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Ratings to take times with, made on the device ({@code skewed_ratings.cu}): few items have most
 * of them, and some items are better than others, so that there is something to learn. {@link
 * io.github.gpumf.data.SyntheticRatings} has a better truth and takes longer.
 *
 * @param context of the device
 * @param kernels of the device
 */
record SkewedRatings(CudaContext context, Kernels kernels) {
  static final String KERNEL = "skewed_ratings";

  private static final long SEED = 1;

  /** Rows that come to the host at a time. */
  private static final int CHUNK = 1 << 20;

  /** Draws all of them; {@code SyntheticRatings} draws from others. */
  static final CounterRandom RANDOM =
      CounterRandom.of(SEED, Purpose.SYNTHETIC, Integer.toUnsignedLong(-1));

  /**
   * Makes rows.
   *
   * @param start the first row's number
   * @param count of rows
   */
  void fill(
      Shape shape,
      long start,
      int count,
      DeviceBuffer users,
      DeviceBuffer items,
      DeviceBuffer values,
      Stream stream) {
    kernels
        .kernel(KERNEL, KERNEL)
        .call(
            SEED, RANDOM.stream(), start, count, shape.users(), shape.items(), users, items, values)
        .launch(stream, Launches.of(context.device()).items(count));
  }

  /** All of a shape's, on the host, where a training wants them. */
  Ratings of(Shape shape) {
    return of(shape, CHUNK);
  }

  /** Brings them in chunks of so many rows. */
  Ratings of(Shape shape, int chunk) {
    Ratings.Builder builder =
        Ratings.builder(
            IdMap.dense(shape.users()), IdMap.dense(shape.items()), shape.ratings(), false, false);
    long bytes = (long) chunk * Integer.BYTES;
    try (Stream stream = context.newStream();
        DeviceBuffer users = context.allocate(bytes);
        DeviceBuffer items = context.allocate(bytes);
        DeviceBuffer values = context.allocate(bytes);
        PinnedMemory host = context.allocatePinned(3 * bytes)) {
      MemorySegment userAt = host.segment().asSlice(0, bytes);
      MemorySegment itemAt = host.segment().asSlice(bytes, bytes);
      MemorySegment valueAt = host.segment().asSlice(2 * bytes, bytes);
      for (long start = 0; start < shape.ratings(); start += chunk) {
        int count = (int) Math.min(chunk, shape.ratings() - start);
        fill(shape, start, count, users, items, values, stream);
        users.copyTo(userAt, stream);
        items.copyTo(itemAt, stream);
        values.copyTo(valueAt, stream);
        stream.synchronize();
        for (int at = 0; at < count; at++) {
          builder.set(
              start + at,
              userAt.getAtIndex(ValueLayout.JAVA_INT, at),
              itemAt.getAtIndex(ValueLayout.JAVA_INT, at),
              valueAt.getAtIndex(ValueLayout.JAVA_FLOAT, at));
        }
      }
    }
    return builder.build();
  }
}
