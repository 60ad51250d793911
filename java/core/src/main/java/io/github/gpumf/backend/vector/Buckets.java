package io.github.gpumf.backend.vector;

/**
 * Rows of a table dealt into buckets, some neighbours at a time. In every phase of every batch a
 * member of the team begins with the same buckets, so that rows stay in the caches of the processor
 * that moved them last: where two processors share no cache, a line that the other one wrote takes
 * six times as long to come.
 *
 * <p>Rows that are numbered as they first occur, popular ones early, are spread evenly.
 *
 * @param count how many, a power of two
 * @param together neighbours, a power of two
 */
record Buckets(int count, int together) {
  /**
   * Neighbours that are read one after the other, so that a processor fetches them ahead; few
   * enough that small tables have rows for all buckets, and popular items do not share one.
   */
  private static final int TOGETHER = 16;

  /**
   * With users there are more, as long as each bucket is dealt so often: what a batch holds of a
   * large table is then close together in memory. With 138,000 users, 256 instead of 16, an epoch
   * of Adam takes an eighth less.
   */
  private static final int TURNS = 16;

  /**
   * So many that members end a phase at about the same time, and no more: each is a chunk of rows
   * at least, and with 256 of them a batch of 8,192 took an eighth longer.
   */
  private static final int MOST = 32;

  /**
   * Rows of a bucket, at least, where there are more than two: with buckets of 32 a batch of 1,024
   * took a fifth longer.
   */
  private static final int ROWS = 256;

  /** Phases with fewer rows are the work of one thread. */
  private static final int FEWEST_ROWS = 256;

  /** The buckets for phases with so many rows, at most. */
  static Buckets forRows(long rows) {
    return new Buckets(
        rows < FEWEST_ROWS ? 1 : Math.clamp(Long.highestOneBit(rows / ROWS), 2, MOST), TOGETHER);
  }

  /** As many, for a table of so many users. */
  Buckets forUsers(int users) {
    int neighbours = Integer.highestOneBit(users / (count * TURNS));
    return new Buckets(count, Math.max(TOGETHER, neighbours));
  }

  /** The bucket of a row. */
  int of(int row) {
    return (row / together) & (count - 1);
  }

  /** The first row of a bucket, if the table has as many. */
  int first(int bucket) {
    return bucket * together;
  }

  /** The row of the same bucket that comes after a row. */
  long next(long row) {
    long next = row + 1;
    return next % together != 0 ? next : next + (long) (count - 1) * together;
  }
}
