package io.github.gpumf.backend.vector;

/**
 * Reads batches: finds their users, whose ratings stand together, and sorts them by item. One
 * thread at a time; each has a reader of its own.
 */
final class BatchReader {
  private final BatchIndex.Maker itemIndex;

  /** The turn of each rating's item. */
  private final int[] itemTurn;

  BatchReader(int items, int batchSize) {
    itemIndex = new BatchIndex.Maker(items, batchSize);
    itemTurn = new int[batchSize];
  }

  /** Bytes of a reader. */
  static long bytes(int items, int batchSize) {
    return BatchIndex.Maker.bytes(items, batchSize) + (long) Integer.BYTES * batchSize;
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
    batch.users.ofUsers(batch.pairs, size, batch.userOf);
    see(batch.pairs, size);
    itemIndex.number(batch.items);
    sort(size, batch);
    itemIndex.clear();
  }

  private void see(long pairs, int size) {
    for (int at = 0; at < size; at++) {
      itemTurn[at] = itemIndex.see(PackedRatings.item(pairs, at));
    }
  }

  private void sort(int size, Batch batch) {
    for (int at = 0; at < size; at++) {
      int turn = itemTurn[at];
      int place = itemIndex.place(turn);
      batch.itemOf[place] = itemIndex.numberOf(turn);
      batch.ratingAt[place] = (long) batch.userOf[at] << Integer.SIZE | at;
    }
  }
}
