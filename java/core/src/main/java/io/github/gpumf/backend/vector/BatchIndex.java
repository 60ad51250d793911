package io.github.gpumf.backend.vector;

import java.util.Arrays;

/**
 * The distinct rows of one table that a batch holds, and how many ratings each has. They are
 * numbered from 0, and the ratings of a row stand in consecutive places, those of number 0 first.
 *
 * <p>Rows come bucket by bucket ({@link Buckets}), so that a bucket's rows are a range of numbers.
 */
final class BatchIndex {
  private final Buckets buckets;
  private final int[] rows;

  /** The first place of each row, and the end of the last one. */
  private final int[] firsts;

  /** The first number of each bucket, and the end of the last one. */
  private final int[] numbers;

  /**
   * An index with room for a batch.
   *
   * @param tableRows rows of the table
   * @param batchSize ratings of the largest batch
   */
  BatchIndex(Buckets buckets, int tableRows, int batchSize) {
    this.buckets = buckets;
    int most = Math.min(tableRows, batchSize);
    rows = new int[most];
    firsts = new int[most + 1];
    numbers = new int[buckets.count() + 1];
  }

  /** Bytes of an index. */
  static long bytes(int tableRows, int batchSize) {
    return 2L * Integer.BYTES * Math.min(tableRows, batchSize);
  }

  /** The row of each number. */
  int[] rows() {
    return rows;
  }

  /** The first place of a number's ratings. */
  int first(int number) {
    return firsts[number];
  }

  /** The place after the last of a number's ratings. */
  int end(int number) {
    return firsts[number + 1];
  }

  /** The first number of a bucket; that of the bucket after the last is the end. */
  int start(int bucket) {
    return numbers[bucket];
  }

  /** Makes indices; each thread needs its own, with memory for every row of the table. */
  static final class Maker {
    private static final int NONE = -1;

    /** For each row of the table its turn among the rows of the batch, or NONE between batches. */
    private final int[] turns;

    /** Of each turn the row, how many ratings it has or its next place, and its number. */
    private final int[] rows;

    private final int[] counts;
    private final int[] numbers;

    Maker(int tableRows, int batchSize) {
      int most = Math.min(tableRows, batchSize);
      turns = new int[tableRows];
      Arrays.fill(turns, NONE);
      rows = new int[most];
      counts = new int[most];
      numbers = new int[most];
    }

    /** Bytes of a maker. */
    static long bytes(int tableRows, int batchSize) {
      return Integer.BYTES * (tableRows + 3L * Math.min(tableRows, batchSize));
    }

    /**
     * Indexes a batch.
     *
     * @param rowAt the row of each position of the batch
     * @param size positions
     * @param numberAt to be set to the number of each position's row
     * @param placeAt to be set to the place of each position; ratings of a row keep their order
     */
    void make(BatchIndex index, int[] rowAt, int size, int[] numberAt, int[] placeAt) {
      int distinct = countRows(rowAt, size, numberAt);
      number(index, distinct);
      // From here on a row's next place stands where its count was.
      for (int turn = 0; turn < distinct; turn++) {
        counts[turn] = index.firsts[numbers[turn]];
      }
      for (int position = 0; position < size; position++) {
        int turn = numberAt[position];
        numberAt[position] = numbers[turn];
        placeAt[position] = counts[turn]++;
      }
      for (int turn = 0; turn < distinct; turn++) {
        turns[rows[turn]] = NONE;
        counts[turn] = 0;
      }
    }

    /** Finds the rows in the order in which the batch names them. */
    private int countRows(int[] rowAt, int size, int[] turnAt) {
      int distinct = 0;
      for (int position = 0; position < size; position++) {
        int row = rowAt[position];
        // A branch on whether the row is new would be foreseen wrongly half the time.
        int known = turns[row];
        int isNew = known >> 31; // NONE, or 0
        int turn = (known & ~isNew) | (distinct & isNew);
        distinct -= isNew;
        turns[row] = turn;
        rows[turn] = row;
        counts[turn]++;
        turnAt[position] = turn;
      }
      return distinct;
    }

    /** Numbers the rows bucket by bucket. */
    private void number(BatchIndex index, int distinct) {
      int[] next = index.numbers;
      Arrays.fill(next, 0);
      for (int turn = 0; turn < distinct; turn++) {
        next[index.buckets.of(rows[turn])]++;
      }
      int start = 0;
      for (int bucket = 0; bucket < next.length; bucket++) {
        int count = next[bucket];
        next[bucket] = start;
        start += count;
      }
      for (int turn = 0; turn < distinct; turn++) {
        int number = next[index.buckets.of(rows[turn])]++;
        numbers[turn] = number;
        index.rows[number] = rows[turn];
        index.firsts[number] = counts[turn];
      }
      // Each bucket's start has moved to its end, which is the start of the next one.
      System.arraycopy(next, 0, next, 1, next.length - 1);
      next[0] = 0;
      int place = 0;
      for (int number = 0; number <= distinct; number++) {
        int count = number < distinct ? index.firsts[number] : 0;
        index.firsts[number] = place;
        place += count;
      }
    }
  }
}
