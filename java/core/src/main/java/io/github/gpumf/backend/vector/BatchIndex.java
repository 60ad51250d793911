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

  /**
   * Makes the index of ratings whose users come bucket by bucket, those of a user together.
   *
   * @param pairs the address of the first one's pair
   * @param numberOf to be filled with the number of each rating's user
   */
  void ofUsers(long pairs, int size, int[] numberOf) {
    int number = -1;
    int previous = -1;
    for (int at = 0; at < size; at++) {
      int row = PackedRatings.user(pairs, at);
      number -= (row - previous | previous - row) >> 31; // 1 more if they differ
      previous = row;
      rows[number] = row;
      firsts[number + 1] = at + 1;
      numberOf[at] = number;
    }
    firsts[0] = 0;
    Arrays.fill(numbers, 0);
    for (int distinct = number + 1, at = 0; at < distinct; at++) {
      numbers[buckets.of(rows[at]) + 1]++;
    }
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      numbers[bucket + 1] += numbers[bucket];
    }
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

  /** How many ratings a number has. */
  int count(int number) {
    return firsts[number + 1] - firsts[number];
  }

  /** The first number of a bucket; that of the bucket after the last is the end. */
  int start(int bucket) {
    return numbers[bucket];
  }

  /**
   * Makes indices of items, in three parts: all ratings are {@linkplain #see seen}, their rows
   * {@linkplain #number numbered}, and then the ratings {@linkplain #place placed} in the same
   * order. Each thread needs its own, with memory for every row of the table. Each part is a method
   * with a loop or two and nothing else, for the compiler to keep what a loop needs in registers.
   */
  static final class Maker {
    private static final int NONE = -1;

    /** For each row of the table its turn among the rows of the batch, or NONE. */
    private final int[] turns;

    /** Of each turn the row, how many ratings it has and then its next place, and its number. */
    private final int[] rows;

    private final int[] places;
    private final int[] numbers;

    private int distinct;

    Maker(int tableRows, int batchSize) {
      int most = Math.min(tableRows, batchSize);
      turns = new int[tableRows];
      Arrays.fill(turns, NONE);
      rows = new int[most];
      places = new int[most];
      numbers = new int[most];
    }

    /** Bytes of a maker. */
    static long bytes(int tableRows, int batchSize) {
      return Integer.BYTES * (tableRows + 3L * Math.min(tableRows, batchSize));
    }

    /**
     * Notes the items of ratings.
     *
     * @param pairs the address of the first one's pair
     * @param turnOf to be filled with the turn of each rating's item
     */
    void see(long pairs, int size, int[] turnOf) {
      int[] turns = this.turns;
      int[] rows = this.rows;
      int found = 0;
      for (int at = 0; at < size; at++) {
        int row = PackedRatings.item(pairs, at);
        // A branch on whether the row is new would be foreseen wrongly half the time.
        int known = turns[row];
        int isNew = known >> 31; // NONE, or 0
        int turn = (known & ~isNew) | (found & isNew);
        found -= isNew;
        turns[row] = turn;
        rows[turn] = row;
        turnOf[at] = turn;
      }
      distinct = found;
      count(turnOf, size);
    }

    /** A loop of its own: in one with what else is seen there are too few registers for both. */
    private void count(int[] turnOf, int size) {
      int[] counts = places;
      for (int at = 0; at < size; at++) {
        counts[turnOf[at]]++;
      }
    }

    /** Makes the index of the rows that have been seen. */
    void number(BatchIndex index) {
      int[] next = index.numbers;
      Arrays.fill(next, 0);
      for (int turn = 0; turn < distinct; turn++) {
        next[index.buckets.of(rows[turn])]++;
      }
      startAt(next, next.length);
      for (int turn = 0; turn < distinct; turn++) {
        int row = rows[turn];
        int number = next[index.buckets.of(row)]++;
        numbers[turn] = number;
        index.rows[number] = row;
        index.firsts[number] = places[turn];
      }
      // Each bucket's start has moved to its end, which is the start of the next one.
      System.arraycopy(next, 0, next, 1, next.length - 1);
      next[0] = 0;
      index.firsts[distinct] = 0;
      startAt(index.firsts, distinct + 1);
      for (int turn = 0; turn < distinct; turn++) {
        places[turn] = index.firsts[numbers[turn]];
      }
    }

    /** Counts become the sums of those before them. */
    private static void startAt(int[] counts, int length) {
      int start = 0;
      for (int at = 0; at < length; at++) {
        int count = counts[at];
        counts[at] = start;
        start += count;
      }
    }

    /**
     * Places ratings; those of an item keep their order.
     *
     * @param turnOf as it was filled
     * @param userOf the number of each rating's user
     * @param itemOf to be filled, by place, with the number of each rating's item
     * @param ratingAt to be filled, by place, as {@link Batch#ratingAt}
     */
    void place(int[] turnOf, int size, int[] userOf, int[] itemOf, long[] ratingAt) {
      int[] next = places;
      int[] numbers = this.numbers;
      for (int at = 0; at < size; at++) {
        int turn = turnOf[at];
        int place = next[turn]++;
        itemOf[place] = numbers[turn];
        ratingAt[place] = (long) userOf[at] << Integer.SIZE | at;
      }
    }

    /** Forgets the batch. */
    void clear() {
      for (int turn = 0; turn < distinct; turn++) {
        turns[rows[turn]] = NONE;
        places[turn] = 0;
      }
      distinct = 0;
    }
  }
}
