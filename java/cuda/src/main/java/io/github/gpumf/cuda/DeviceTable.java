package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceSlice;
import io.github.gpumf.cuda.driver.Rows;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.optim.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.ObjLongConsumer;

/**
 * A table on the device, as {@code rows.cuh} wants it: rows of factors padded with zeros to whole
 * float4, or a column of single numbers padded once, at its end. The numbers are floats or, of
 * factors in half precision ({@code halves.cuh}), halves: the host's tables are floats in any case.
 */
final class DeviceTable {
  private static final int NUMBERS_OF_VECTOR = 4;

  /** What kernels read at once where they go over a table from end to end: a float4. */
  private static final int BYTES_OF_VECTOR = NUMBERS_OF_VECTOR * Float.BYTES;

  /** Of halves on their way, which wait on the host to be widened or have just been rounded. */
  private static final long BYTES_OF_CHUNK = 1 << 20;

  private final long rows;
  private final int columns;
  private final int stride;
  private final Precision precision;
  private final DeviceBuffer buffer;

  private DeviceTable(long rows, int columns, int stride, Precision precision, DeviceArena arena) {
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.precision = precision;
    buffer = arena.allocate(padded(Math.multiplyExact(rows, (long) stride), precision));
    buffer.clear(arena.stream());
  }

  /** Rows of factors, all zero once the arena's stream has come so far. */
  static DeviceTable ofRows(long rows, int columns, DeviceArena arena) {
    return ofRows(rows, columns, Precision.SINGLE, arena);
  }

  /** The same as floats or as halves. */
  static DeviceTable ofRows(long rows, int columns, Precision precision, DeviceArena arena) {
    return new DeviceTable(rows, columns, vectors(columns) * NUMBERS_OF_VECTOR, precision, arena);
  }

  /** One number a row, all zero once the arena's stream has come so far. */
  static DeviceTable ofColumn(long rows, DeviceArena arena) {
    return new DeviceTable(rows, 1, 1, Precision.SINGLE, arena);
  }

  /** Groups of four numbers of a row of factors: its float4. */
  static int vectors(int columns) {
    return Math.ceilDiv(columns, NUMBERS_OF_VECTOR);
  }

  /** Bytes that {@link #ofRows} allocates. */
  static long bytesOfRows(long rows, int columns, Precision precision) {
    return padded(rows * vectors(columns) * NUMBERS_OF_VECTOR, precision);
  }

  /** Bytes that {@link #ofColumn} allocates. */
  static long bytesOfColumn(long rows) {
    return padded(rows, Precision.SINGLE);
  }

  private static long padded(long numbers, Precision precision) {
    long bytes = Math.multiplyExact(numbers, (long) bytesOfNumber(precision));
    return Math.ceilDiv(bytes, (long) BYTES_OF_VECTOR) * BYTES_OF_VECTOR;
  }

  private static int bytesOfNumber(Precision precision) {
    return switch (precision) {
      case SINGLE -> Float.BYTES;
      case HALF -> Short.BYTES;
    };
  }

  long rows() {
    return rows;
  }

  /** Numbers of a row, with its padding. */
  int stride() {
    return stride;
  }

  /** Groups of four numbers of a row: its float4. */
  int vectors() {
    return stride / NUMBERS_OF_VECTOR;
  }

  /** Vectors of 16 bytes of the whole table: of floats its float4. */
  long allVectors() {
    return buffer.size() / BYTES_OF_VECTOR;
  }

  /** Whether its numbers are halves, for which some kernels have other names. */
  boolean ofHalves() {
    return precision == Precision.HALF;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  /** The host's memory must stay as it is until the stream has come so far. */
  void copyFrom(FloatTable table, Stream stream) {
    if (!ofHalves()) {
      buffer.copyFrom(table.segment(), pitches(rows), stream);
      return;
    }
    inChunks(
        table,
        (chunk, row) -> {
          Halves.round(floats(table, chunk, row), chunk);
          part(chunk, row).copyFrom(chunk, pitches(rows(chunk)), stream);
          stream.synchronize(); // the chunk is free again
        });
  }

  /** The numbers are there when the stream has come so far. */
  void copyTo(FloatTable table, Stream stream) {
    if (!ofHalves()) {
      copyTo(table.segment(), stream);
      return;
    }
    inChunks(
        table,
        (chunk, row) -> {
          part(chunk, row).copyTo(chunk, pitches(rows(chunk)), stream);
          stream.synchronize();
          Halves.widen(chunk, floats(table, chunk, row));
        });
  }

  /** Bytes of its numbers without padding. */
  long packedBytes() {
    return bytes(columns) * rows;
  }

  /**
   * Copies the numbers as they are, without padding; they are there when the stream has come so
   * far.
   *
   * @param packed memory of the host, as long as {@link #packedBytes} says
   */
  void copyTo(MemorySegment packed, Stream stream) {
    buffer.copyTo(packed, pitches(rows), stream);
  }

  /** Makes a table of what {@link #copyTo(MemorySegment, Stream)} copied; needs no device. */
  void unpack(MemorySegment packed, FloatTable table) {
    if (ofHalves()) {
      Halves.widen(packed, table.segment());
    } else {
      table.segment().copyFrom(packed);
    }
  }

  /** Whole rows at a time. */
  private void inChunks(FloatTable table, ObjLongConsumer<MemorySegment> copy) {
    long most = Math.max(1, BYTES_OF_CHUNK / bytes(columns));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk =
          arena.allocate(Math.min(most, table.rows()) * bytes(columns), Short.BYTES);
      for (long row = 0; row < rows; row += most) {
        copy.accept(chunk.asSlice(0, Math.min(most, rows - row) * bytes(columns)), row);
      }
    }
  }

  private long rows(MemorySegment chunk) {
    return chunk.byteSize() / bytes(columns);
  }

  private MemorySegment floats(FloatTable table, MemorySegment chunk, long row) {
    long bytesOfRow = (long) columns * Float.BYTES;
    return table.segment().asSlice(row * bytesOfRow, rows(chunk) * bytesOfRow);
  }

  private DeviceSlice part(MemorySegment chunk, long row) {
    return buffer.slice(row * bytes(stride), rows(chunk) * bytes(stride));
  }

  private Rows pitches(long count) {
    return stride == columns
        // One piece, which the driver copies at the speed of the bus.
        ? new Rows(1, count * bytes(columns), count * bytes(columns), count * bytes(columns))
        : new Rows(count, bytes(columns), bytes(columns), bytes(stride));
  }

  private long bytes(int numbers) {
    return (long) numbers * bytesOfNumber(precision);
  }
}
