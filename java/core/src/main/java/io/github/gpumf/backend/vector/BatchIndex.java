package io.github.gpumf.backend.vector;

import java.util.Arrays;

/**
 * Which rows of a table a batch holds, and at which positions of the batch. A batch's distinct rows
 * are numbered 0..distinct-1, and the positions of each form a linked list: building it reads and
 * writes each position once, where sorting would go over the batch several times.
 */
final class BatchIndex {
  /** The end of a list, and a row that the batch does not hold. */
  static final int NONE = -1;

  private final int[] next;
  private final int[] rows;
  private final int[] head;
  private final int[] counts;

  /** For each row of the table its number among the distinct ones. */
  private final int[] numbers;

  private int distinct;

  BatchIndex(int tableRows, int batchSize) {
    int most = Math.min(tableRows, batchSize);
    next = new int[batchSize];
    rows = new int[most];
    head = new int[most];
    counts = new int[most];
    numbers = new int[tableRows];
    Arrays.fill(numbers, NONE);
  }

  /** Bytes of the indices of both sides. */
  static long bytes(int users, int items, int batchSize) {
    long distinct = (long) Math.min(users, batchSize) + Math.min(items, batchSize);
    return Integer.BYTES * (2L * batchSize + 3 * distinct + users + items);
  }

  /** Indexes a batch: {@code rowAt} holds the row of each position below {@code size}. */
  void build(int[] rowAt, int size) {
    clear();
    // Backward, so that every list is ascending: sums over a row go in the order of the batch.
    for (int position = size - 1; position >= 0; position--) {
      int row = rowAt[position];
      int number = numbers[row];
      if (number == NONE) {
        number = distinct++;
        numbers[row] = number;
        rows[number] = row;
        head[number] = NONE;
        counts[number] = 0;
      }
      next[position] = head[number];
      head[number] = position;
      counts[number]++;
    }
  }

  private void clear() {
    for (int number = 0; number < distinct; number++) {
      numbers[rows[number]] = NONE;
    }
    distinct = 0;
  }

  /** How many different rows the batch holds. */
  int distinct() {
    return distinct;
  }

  /** The number of a row, or {@link #NONE}. */
  int numberOf(int row) {
    return numbers[row];
  }

  /** The row of a number. */
  int row(int number) {
    return rows[number];
  }

  /** How many positions a row has. */
  int count(int number) {
    return counts[number];
  }

  /** The first position of a row. */
  int first(int number) {
    return head[number];
  }

  /** The next position of the same row, or {@link #NONE}. */
  int next(int position) {
    return next[position];
  }
}
