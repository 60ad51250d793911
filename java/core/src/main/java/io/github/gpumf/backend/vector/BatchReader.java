package io.github.gpumf.backend.vector;

/**
 * Reads batches: finds their users, whose ratings stand together, and sorts them by item. One
 * thread at a time; each has a reader of its own.
 *
 * <p>Numbers are written to arrays of the reader, and copied to the batch when all are there: other
 * threads have read the batch's arrays before, so that each of their lines has to come from another
 * processor's cache. A copy is a store for each line of them, and a processor waits for tens of
 * lines at a time; with a store for each number it would wait for a few.
 */
final class BatchReader {
  private final BatchIndex.Maker itemIndex;

  /** The turn of each rating's item. */
  private final int[] itemTurn;

  // What will be the batch's.

  private final int[] userOf;
  private final int[] itemOf;
  private final long[] ratingAt;

  BatchReader(int items, int batchSize) {
    itemIndex = new BatchIndex.Maker(items, batchSize);
    itemTurn = new int[batchSize];
    userOf = new int[batchSize];
    itemOf = new int[batchSize];
    ratingAt = new long[batchSize];
  }

  /** Bytes of a reader. */
  static long bytes(int items, int batchSize) {
    return BatchIndex.Maker.bytes(items, batchSize) + (3L * Integer.BYTES + Long.BYTES) * batchSize;
  }

  /**
   * Reads a batch.
   *
   * @param ratings in the order of {@link RatingsByUser}
   * @param start the batch's first rating in them
   * @param size how many it has
   */
  void read(PackedRatings ratings, long start, int size, Batch batch) {
    batch.size = size;
    batch.pairs = ratings.pairs + start * Long.BYTES;
    batch.values = ratings.values + start * Float.BYTES;
    batch.weights = ratings.weights == 0 ? 0 : ratings.weights + start * Float.BYTES;
    batch.users.ofUsers(batch.pairs, size, userOf);
    itemIndex.see(batch.pairs, size, itemTurn);
    itemIndex.number(batch.items);
    itemIndex.place(itemTurn, size, userOf, itemOf, ratingAt);
    itemIndex.clear();
    System.arraycopy(userOf, 0, batch.userOf, 0, size);
    System.arraycopy(itemOf, 0, batch.itemOf, 0, size);
    System.arraycopy(ratingAt, 0, batch.ratingAt, 0, size);
  }
}
