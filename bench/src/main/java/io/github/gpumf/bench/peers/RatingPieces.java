package io.github.gpumf.bench.peers;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a file of {@link RatingColumns} into {@link Ratings} and holds nothing beside them but a
 * piece of the file: arrays in between, or the whole file mapped, which counts as the process's
 * memory just so, would be a second copy, and the peak of a process that trains.
 */
final class RatingPieces {
  /** Three columns of 4 MiB: small beside a JVM, and mapped in no time. */
  private static final long ROWS = 1 << 20;

  private RatingPieces() {}

  static Ratings read(Path file) throws IOException {
    return read(file, ROWS);
  }

  /** Reads so many rows at a time. */
  static Ratings read(Path file, long rows) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Columns columns = new Columns(channel);
      for (long first = 0; first < columns.size; first += rows) {
        columns.copy(first, Math.min(rows, columns.size - first));
      }
      return columns.builder.build();
    }
  }

  /** The file's columns on their way. */
  private static final class Columns {
    private final FileChannel channel;
    private final long size;
    private final Ratings.Builder builder;

    Columns(FileChannel channel) throws IOException {
      this.channel = channel;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment header = channel.map(MapMode.READ_ONLY, 0, RatingColumns.HEADER, arena);
        size = header.get(RatingColumns.LONG, 0);
        int users = Math.toIntExact(header.get(RatingColumns.LONG, 8));
        int items = Math.toIntExact(header.get(RatingColumns.LONG, 16));
        builder = Ratings.builder(IdMap.dense(users), IdMap.dense(items), size, false, false);
      }
    }

    void copy(long first, long count) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment users = piece(0, first, count, arena);
        MemorySegment items = piece(1, first, count, arena);
        MemorySegment values = piece(2, first, count, arena);
        for (long row = 0; row < count; row++) {
          builder.set(
              first + row,
              users.getAtIndex(RatingColumns.INT, row),
              items.getAtIndex(RatingColumns.INT, row),
              values.getAtIndex(RatingColumns.FLOAT, row));
        }
      }
    }

    private MemorySegment piece(int column, long first, long count, Arena arena)
        throws IOException {
      long from = RatingColumns.HEADER + Float.BYTES * (column * size + first);
      return channel.map(MapMode.READ_ONLY, from, Float.BYTES * count, arena);
    }
  }
}
