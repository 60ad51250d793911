package io.github.gpumf.backend.scalar;

/**
 * The distinct rows of a batch, in the order of their first appearance, and how often each occurs.
 */
final class RowSet {
  private final int[] counts;
  private int[] rows = new int[16];
  private int size;

  RowSet(int tableRows) {
    counts = new int[tableRows];
  }

  void add(int row) {
    if (counts[row]++ == 0) {
      if (size == rows.length) {
        rows = java.util.Arrays.copyOf(rows, Math.min(counts.length, 2 * size));
      }
      rows[size++] = row;
    }
  }

  int size() {
    return size;
  }

  int row(int at) {
    return rows[at];
  }

  int count(int row) {
    return counts[row];
  }

  void clear() {
    for (int at = 0; at < size; at++) {
      counts[rows[at]] = 0;
    }
    size = 0;
  }
}
