package io.github.gpumf.bench.peers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Ratings in a file that all contestants read alike, whatever they are written in: three 64-bit
 * numbers (ratings, users, items), then a column of 32-bit user indices, one of item indices, one
 * of 32-bit floating-point values, all little-endian.
 *
 * @param userCount number of users
 * @param itemCount number of items
 * @param users user of each rating
 * @param items item of each rating
 * @param values the ratings
 */
@SuppressWarnings("ArrayRecordComponent") // Columns of numbers; nobody compares them as values.
public record RatingColumns(
    int userCount, int itemCount, int[] users, int[] items, float[] values) {
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bytes before the columns. */
  static final long HEADER = 3 * Long.BYTES;

  /**
   * Number of ratings.
   *
   * @return rows
   */
  public int size() {
    return values.length;
  }

  /**
   * Reads a file.
   *
   * @param file that {@link #write} made
   * @return its ratings
   * @throws IOException if it cannot be read
   */
  public static RatingColumns read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      int size = Math.toIntExact(bytes.get(LONG, 0));
      int[] users = new int[size];
      int[] items = new int[size];
      float[] values = new float[size];
      MemorySegment.copy(bytes, INT, HEADER, users, 0, size);
      MemorySegment.copy(bytes, INT, HEADER + 4L * size, items, 0, size);
      MemorySegment.copy(bytes, FLOAT, HEADER + 8L * size, values, 0, size);
      return new RatingColumns(
          Math.toIntExact(bytes.get(LONG, 8)),
          Math.toIntExact(bytes.get(LONG, 16)),
          users,
          items,
          values);
    }
  }

  /**
   * Writes a file.
   *
   * @param file to write, replaced if it exists
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      int size = size();
      MemorySegment bytes =
          channel.map(MapMode.READ_WRITE, 0, HEADER + 3L * Float.BYTES * size, arena);
      bytes.set(LONG, 0, size);
      bytes.set(LONG, 8, userCount);
      bytes.set(LONG, 16, itemCount);
      MemorySegment.copy(users, 0, bytes, INT, HEADER, size);
      MemorySegment.copy(items, 0, bytes, INT, HEADER + 4L * size, size);
      MemorySegment.copy(values, 0, bytes, FLOAT, HEADER + 8L * size, size);
    }
  }
}
