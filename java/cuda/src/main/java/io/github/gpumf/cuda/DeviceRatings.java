package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The columns of ratings on the device.
 *
 * @param size rows
 * @param users index of each row's user
 * @param items index of each row's item
 * @param values each row's rating
 * @param weights each row's weight, or null where every weight is 1
 */
record DeviceRatings(
    long size,
    DeviceBuffer users,
    DeviceBuffer items,
    DeviceBuffer values,
    @Nullable DeviceBuffer weights) {

  /** The ratings must not go before the stream has come so far. */
  static DeviceRatings upload(Ratings ratings, DeviceArena arena, Stream stream) {
    return upload(ratings, ratings.weightColumn(), arena, stream);
  }

  /** Leaves the weights where they are. */
  static DeviceRatings uploadUnweighted(Ratings ratings, DeviceArena arena, Stream stream) {
    return upload(ratings, null, arena, stream);
  }

  private static DeviceRatings upload(
      Ratings ratings, @Nullable MemorySegment weights, DeviceArena arena, Stream stream) {
    return new DeviceRatings(
        ratings.size(),
        column(ratings.userColumn(), arena, stream),
        column(ratings.itemColumn(), arena, stream),
        column(ratings.valueColumn(), arena, stream),
        weights == null ? null : column(weights, arena, stream));
  }

  private static DeviceBuffer column(MemorySegment column, DeviceArena arena, Stream stream) {
    DeviceBuffer buffer = arena.allocate(column.byteSize());
    buffer.copyFrom(column, stream);
    return buffer;
  }

  /** Bytes of as many rows. */
  static long bytes(long size, boolean weighted) {
    return size * (2 * Integer.BYTES + (weighted ? 2 : 1) * Float.BYTES);
  }

  /** Room for rows to come. */
  static DeviceRatings allocate(long size, boolean weighted, DeviceArena arena) {
    return new DeviceRatings(
        size,
        arena.ints(size),
        arena.ints(size),
        arena.floats(size),
        weighted ? arena.floats(size) : null);
  }
}
