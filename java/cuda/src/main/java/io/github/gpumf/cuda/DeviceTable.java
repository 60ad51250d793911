package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Rows;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;

/**
 * A table of floats on the device, as {@code rows.cuh} wants it: rows of factors padded with zeros
 * to whole float4, or a column of single numbers padded once, at its end.
 */
final class DeviceTable {
  private static final int FLOATS_OF_VECTOR = 4;

  private final long rows;
  private final int columns;
  private final int stride;
  private final DeviceBuffer buffer;

  private DeviceTable(long rows, int columns, int stride, DeviceArena arena) {
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    long floats = Math.multiplyExact(rows, (long) stride);
    buffer = arena.floats(Math.ceilDiv(floats, (long) FLOATS_OF_VECTOR) * FLOATS_OF_VECTOR);
    buffer.clear(arena.stream());
  }

  /** Rows of factors, all zero once the arena's stream has come so far. */
  static DeviceTable ofRows(long rows, int columns, DeviceArena arena) {
    return new DeviceTable(rows, columns, vectors(columns) * FLOATS_OF_VECTOR, arena);
  }

  /** One number a row, all zero once the arena's stream has come so far. */
  static DeviceTable ofColumn(long rows, DeviceArena arena) {
    return new DeviceTable(rows, 1, 1, arena);
  }

  /** float4 of a row of factors. */
  static int vectors(int columns) {
    return Math.ceilDiv(columns, FLOATS_OF_VECTOR);
  }

  /** Bytes that {@link #ofRows} allocates. */
  static long bytesOfRows(long rows, int columns) {
    return rows * vectors(columns) * FLOATS_OF_VECTOR * Float.BYTES;
  }

  /** Bytes that {@link #ofColumn} allocates. */
  static long bytesOfColumn(long rows) {
    return Math.ceilDiv(rows, (long) FLOATS_OF_VECTOR) * FLOATS_OF_VECTOR * Float.BYTES;
  }

  long rows() {
    return rows;
  }

  /** Floats of a row, with its padding. */
  int stride() {
    return stride;
  }

  /** float4 of a row. */
  int vectors() {
    return stride / FLOATS_OF_VECTOR;
  }

  /** float4 of the whole table. */
  long allVectors() {
    return buffer.size() / (FLOATS_OF_VECTOR * Float.BYTES);
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  /** The host's memory must stay as it is until the stream has come so far. */
  void copyFrom(FloatTable table, Stream stream) {
    buffer.copyFrom(table.segment(), pitches(), stream);
  }

  /** The numbers are there when the stream has come so far. */
  void copyTo(FloatTable table, Stream stream) {
    buffer.copyTo(table.segment(), pitches(), stream);
  }

  private Rows pitches() {
    return stride == columns
        // One piece, which the driver copies at the speed of the bus.
        ? new Rows(1, rows * bytes(columns), rows * bytes(columns), rows * bytes(columns))
        : new Rows(rows, bytes(columns), bytes(columns), bytes(stride));
  }

  private static long bytes(int floats) {
    return (long) floats * Float.BYTES;
  }
}
