package io.github.gpumf.backend.vector;

import io.github.gpumf.model.FloatTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A table of floats laid out for vectors. Rows of factors are padded with zeros to whole vectors
 * and start on a cache line, so that no load is split and no loop has a tail: a row update of 15.5
 * ns takes 12.7. Single numbers of rows (biases, accumulators) stay dense and are padded once, at
 * the end.
 */
final class PaddedTable {
  private static final long CACHE_LINE = 64;

  /** The signs of two floats. */
  private static final long SIGNS = 0x8000_0000_8000_0000L;

  /** One in the last place of both exponents: an exponent of ones is carried into the sign. */
  private static final long LEAST_EXPONENTS = 0x0080_0000_0080_0000L;

  private final long rows;
  private final int columns;
  private final int rowBytes;
  private final MemorySegment segment;

  /** Saves {@link #row} a load through the segment. */
  private final long address;

  private PaddedTable(long rows, int columns, int rowBytes, Arena arena) {
    this.rows = rows;
    this.columns = columns;
    this.rowBytes = rowBytes;
    long bytes = Math.addExact(Math.multiplyExact(rows, (long) rowBytes), (long) Lanes.BYTES);
    segment = arena.allocate(bytes, Math.max(CACHE_LINE, Lanes.BYTES));
    address = segment.address();
  }

  /** Rows of factors. */
  static PaddedTable ofRows(long rows, int columns, Arena arena) {
    return new PaddedTable(rows, columns, padded(columns), arena);
  }

  /** One number a row. */
  static PaddedTable ofColumn(long rows, Arena arena) {
    return ofNumbers(rows, 1, arena);
  }

  /** Some single numbers a row, which stand beside each other. */
  static PaddedTable ofNumbers(long rows, int count, Arena arena) {
    return new PaddedTable(rows, count, count * Float.BYTES, arena);
  }

  /** Bytes that {@link #ofRows} allocates. */
  static long bytesOfRows(long rows, int columns) {
    return rows * padded(columns) + Lanes.BYTES;
  }

  /** Bytes that {@link #ofColumn} allocates. */
  static long bytesOfColumn(long rows) {
    return bytesOfNumbers(rows, 1);
  }

  /** Bytes that {@link #ofNumbers} allocates. */
  static long bytesOfNumbers(long rows, int count) {
    return rows * count * Float.BYTES + Lanes.BYTES;
  }

  /** Bytes of a row of factors. */
  private static int padded(int columns) {
    return (columns + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.BYTES;
  }

  long rows() {
    return rows;
  }

  /** Floats of a row, padding left out. */
  int columns() {
    return columns;
  }

  /** Bytes from a row to the next. */
  int rowBytes() {
    return rowBytes;
  }

  /** The address of a row. */
  long row(long row) {
    return address + row * rowBytes;
  }

  /** Sets rows to 0. */
  void clear(long from, long count) {
    segment.asSlice(from * rowBytes, count * rowBytes).fill((byte) 0);
  }

  /** Whether it has neither infinities nor NaN. */
  boolean isFinite() {
    return isFinite(0, rows);
  }

  /**
   * Whether rows {@code from} to {@code to - 1} have neither infinities nor NaN: the numbers whose
   * exponents are all ones. Looks at two at a time, and without vectors: it is done first when
   * nothing is compiled.
   */
  boolean isFinite(long from, long to) {
    long at = row(from);
    long end = row(to);
    long carries = 0;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      carries |= (Lanes.getLong(at) & ~SIGNS) + LEAST_EXPONENTS;
    }
    if (at < end) {
      long last = Integer.toUnsignedLong(Lanes.getInt(at));
      carries |= (last & ~SIGNS) + LEAST_EXPONENTS;
    }
    return (carries & SIGNS) == 0;
  }

  /** A copy, padding included. */
  MemorySegment save(Arena owner) {
    return owner.allocate(segment.byteSize(), CACHE_LINE).copyFrom(segment);
  }

  /** Puts back what {@link #save} copied. */
  void restore(MemorySegment saved) {
    segment.copyFrom(saved);
  }

  /** Copies a table into this one, row by row. */
  void copyFrom(FloatTable table) {
    copyFrom(table, null, 0);
  }

  /**
   * Copies columns of a table into this one.
   *
   * @param order for each row here the row there, or null if they are the same
   * @param column the first one
   */
  void copyFrom(FloatTable table, int @Nullable [] order, int column) {
    if (isLaidOutAs(table, order)) {
      segment.copyFrom(table.segment());
      return;
    }
    int count = Math.toIntExact(rows); // see copyTo
    for (int row = 0; row < count; row++) {
      copyRow(row, table, order == null ? row : order[row], column);
    }
  }

  /** Overwrites a row with one of a table of as many columns. */
  void copyRow(long row, FloatTable table, long from) {
    copyRow(row, table, from, 0);
  }

  private void copyRow(long row, FloatTable table, long from, int column) {
    MemorySegment.copy(table.segment(), at(table, from, column), segment, row * rowBytes, bytes());
  }

  /** Copies this table into another, row by row. */
  void copyTo(FloatTable table) {
    copyTo(table, null, 0, 0, Math.toIntExact(rows));
  }

  /**
   * Copies rows {@code from} to {@code end - 1} into columns of another table. Rows are counted by
   * an int: a loop that a long counts is compiled for what its profile foretells, left when that is
   * wrong, and compiled again, without end. At 40 ms a time that held one of two processors through
   * every third epoch of MovieLens 1M.
   *
   * @param order for each row here the row there, or null if they are the same
   * @param column the first one
   */
  void copyTo(FloatTable table, int @Nullable [] order, int column, int from, int end) {
    MemorySegment target = table.segment();
    long bytes = bytes();
    if (isLaidOutAs(table, order)) {
      long start = from * bytes;
      MemorySegment.copy(segment, start, target, start, (end - from) * bytes);
      return;
    }
    for (int row = from; row < end; row++) {
      long to = at(table, order == null ? row : order[row], column);
      MemorySegment.copy(segment, (long) row * rowBytes, target, to, bytes);
    }
  }

  /** Whether a table has the same floats in the same places: all of its columns, unpadded. */
  private boolean isLaidOutAs(FloatTable table, int @Nullable [] order) {
    return order == null && table.columns() == columns && rowBytes == bytes();
  }

  /** Bytes of a row without its padding. */
  private long bytes() {
    return (long) columns * Float.BYTES;
  }

  /** Where a number stands in a table without padding. */
  private static long at(FloatTable table, long row, int column) {
    return (row * table.columns() + column) * Float.BYTES;
  }
}
