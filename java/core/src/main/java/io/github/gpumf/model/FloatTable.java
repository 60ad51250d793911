package io.github.gpumf.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A dense, row-major table of floats outside the Java heap: embeddings, biases (one column),
 * optimizer slots. Offsets are 64-bit throughout, so a table may exceed 2^31 elements.
 *
 * <p>A table does not own its memory: that belongs to the arena or the file mapping it was made
 * from, which may confine it to a thread. Otherwise reads are safe from any thread; writes need the
 * caller's own ordering.
 */
public final class FloatTable {
  /** Little-endian whatever the platform, as in the safetensors files that are mapped as tables. */
  public static final ValueLayout.OfFloat LAYOUT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

  /** Allocations start on a cache line, which is also the width of the widest vector. */
  private static final long ALIGNMENT = 64;

  private final long rows;
  private final int columns;
  private final MemorySegment segment;

  private FloatTable(long rows, int columns, MemorySegment segment) {
    this.rows = rows;
    this.columns = columns;
    this.segment = segment;
  }

  /**
   * Allocates a table of zeros.
   *
   * @param rows at least 0
   * @param columns at least 1
   * @param arena owner of the memory
   * @return the table
   * @throws OutOfMemoryError if the memory is not to be had
   */
  public static FloatTable allocate(long rows, int columns, Arena arena) {
    long bytes = bytes(rows, columns);
    return new FloatTable(rows, columns, arena.allocate(bytes, ALIGNMENT));
  }

  /**
   * Views memory as a table.
   *
   * @param rows at least 0
   * @param columns at least 1
   * @param segment {@code rows * columns} little-endian floats
   * @return the table
   * @throws IllegalArgumentException if the segment has another size
   */
  public static FloatTable view(long rows, int columns, MemorySegment segment) {
    long bytes = bytes(rows, columns);
    if (segment.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "a table of "
              + rows
              + " x "
              + columns
              + " floats takes "
              + bytes
              + " bytes, not "
              + segment.byteSize());
    }
    return new FloatTable(rows, columns, segment);
  }

  private static long bytes(long rows, int columns) {
    if (rows < 0 || columns < 1) {
      throw new IllegalArgumentException(
          "a table needs rows >= 0 and columns >= 1, not " + rows + " x " + columns);
    }
    return Math.multiplyExact(Math.multiplyExact(rows, (long) columns), (long) Float.BYTES);
  }

  /**
   * Number of rows.
   *
   * @return rows
   */
  public long rows() {
    return rows;
  }

  /**
   * Number of columns.
   *
   * @return columns
   */
  public int columns() {
    return columns;
  }

  /**
   * One element.
   *
   * @param row in 0..rows-1
   * @param column in 0..columns-1
   * @return its value
   * @throws IndexOutOfBoundsException naming the row or the column if there is no such element
   */
  public float get(long row, int column) {
    return segment.get(LAYOUT, offset(row, column));
  }

  /**
   * Changes one element.
   *
   * @param row in 0..rows-1
   * @param column in 0..columns-1
   * @param value its new value
   * @throws IllegalArgumentException if the table is read-only
   * @throws IndexOutOfBoundsException naming the row or the column if there is no such element
   */
  public void set(long row, int column, float value) {
    segment.set(LAYOUT, offset(row, column), value);
  }

  /**
   * The memory, row-major, little-endian.
   *
   * @return all of it
   */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * The same memory, not to be written through the view.
   *
   * @return a read-only view
   */
  public FloatTable asReadOnly() {
    return new FloatTable(rows, columns, segment.asReadOnly());
  }

  /**
   * Copies the table.
   *
   * @param arena owner of the copy
   * @return the copy, writable
   */
  public FloatTable copy(Arena arena) {
    FloatTable copy = allocate(rows, columns, arena);
    copy.copyFrom(this);
    return copy;
  }

  /**
   * Overwrites this table.
   *
   * @param other a table of the same shape
   * @throws IllegalArgumentException if the shapes differ
   */
  public void copyFrom(FloatTable other) {
    if (other.rows != rows || other.columns != columns) {
      throw new IllegalArgumentException(
          "a table of "
              + other.rows
              + " x "
              + other.columns
              + " does not fit one of "
              + rows
              + " x "
              + columns);
    }
    segment.copyFrom(other.segment);
  }

  /**
   * Looks for infinities and NaN.
   *
   * @return whether all elements are finite
   */
  public boolean isFinite() {
    // Zero times a finite number is zero, and times anything else is NaN, which a sum never loses.
    float sum = 0;
    for (long at = 0; at < segment.byteSize(); at += Float.BYTES) {
      sum += 0 * segment.get(LAYOUT, at);
    }
    return sum == 0;
  }

  /**
   * The cosine of the angle between two rows, in double, in which squares of floats neither vanish
   * nor overflow.
   *
   * @param row in {@code 0..rows-1}
   * @param other in {@code 0..rows-1}
   * @return dot product / (length x length), in -1..1 but for rounding; 0 if a row is all zeros
   * @throws IndexOutOfBoundsException if a row is not there
   */
  public float cosine(long row, long other) {
    double dot = 0;
    double squares = 0;
    double squaresOfOther = 0;
    for (int column = 0; column < columns; column++) {
      double x = get(row, column);
      double y = get(other, column);
      dot += x * y;
      squares += x * x;
      squaresOfOther += y * y;
    }
    double lengths = Math.sqrt(squares) * Math.sqrt(squaresOfOther);
    return lengths == 0 ? 0 : (float) (dot / lengths);
  }

  private long offset(long row, int column) {
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException("row " + row + " is not in 0.." + (rows - 1));
    }
    // A column past the end would silently read the next row: the segment's own check cannot see
    // it.
    if (column < 0 || column >= columns) {
      throw new IndexOutOfBoundsException("column " + column + " is not in 0.." + (columns - 1));
    }
    return (row * columns + column) * Float.BYTES;
  }
}
