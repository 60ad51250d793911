package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import org.jspecify.annotations.Nullable;

/**
 * Reads batches: takes their ratings in the order of the epoch, and sorts them by user and by item.
 * One thread at a time; each has a reader of its own.
 */
final class BatchReader {
  private final PackedRatings ratings;
  private final BatchIndex.Maker userIndex;
  private final BatchIndex.Maker itemIndex;

  // By position in the batch.

  private final long[] rating;
  private final int[] user;
  private final int[] item;
  private final float[] value;
  private final float @Nullable [] weight;
  private final int[] userTurn;
  private final int[] itemTurn;

  BatchReader(PackedRatings ratings, int users, int items, int batchSize) {
    this.ratings = ratings;
    userIndex = new BatchIndex.Maker(users, batchSize);
    itemIndex = new BatchIndex.Maker(items, batchSize);
    rating = new long[batchSize];
    user = new int[batchSize];
    item = new int[batchSize];
    value = new float[batchSize];
    weight = ratings.stride > RatingGrid.WEIGHT ? new float[batchSize] : null;
    userTurn = new int[batchSize];
    itemTurn = new int[batchSize];
  }

  /** Bytes of a reader. */
  static long bytes(int users, int items, int batchSize) {
    return BatchIndex.Maker.bytes(users, batchSize)
        + BatchIndex.Maker.bytes(items, batchSize)
        + (8 + 6 * 4L) * batchSize;
  }

  /**
   * Reads a batch.
   *
   * @param order of the epoch, or null if it is that of the ratings
   * @param start position of the batch's first rating in it
   * @param size ratings
   */
  void read(@Nullable Shuffle order, long start, int size, Batch batch) {
    // The order first, the ratings after it: loads that wait for nothing but their address
    // overlap, and each is a cache miss.
    if (order == null) {
      for (int at = 0; at < size; at++) {
        rating[at] = start + at;
      }
    } else {
      order.apply(start, 0, size, rating);
    }
    gather(size);
    see(size);
    userIndex.number(batch.users);
    itemIndex.number(batch.items);
    sort(size, batch);
    userIndex.clear();
    itemIndex.clear();
  }

  private void see(int size) {
    for (int at = 0; at < size; at++) {
      userTurn[at] = userIndex.see(user[at]);
      itemTurn[at] = itemIndex.see(item[at]);
    }
  }

  private void gather(int size) {
    for (int at = 0; at < size; at++) {
      long start = Lanes.address(ratings.address + rating[at] * ratings.stride);
      user[at] = Lanes.getInt(start + RatingGrid.USER);
      item[at] = Lanes.getInt(start + RatingGrid.ITEM);
      value[at] = Lanes.get(start + RatingGrid.VALUE);
    }
    for (int at = 0; weight != null && at < size; at++) {
      weight[at] = Lanes.get(ratings.address + rating[at] * ratings.stride + RatingGrid.WEIGHT);
    }
  }

  private void sort(int size, Batch batch) {
    float[] weights = batch.weights;
    for (int at = 0; at < size; at++) {
      int userNumber = userIndex.numberOf(userTurn[at]);
      int itemNumber = itemIndex.numberOf(itemTurn[at]);
      int byUser = userIndex.place(userTurn[at]);
      int byItem = itemIndex.place(itemTurn[at]);
      batch.userOf[byUser] = userNumber;
      batch.itemAt[byUser] = item[at];
      batch.values[byUser] = value[at];
      if (weights != null && weight != null) {
        weights[byUser] = weight[at];
      }
      batch.itemOf[byItem] = itemNumber;
      batch.ratingAt[byItem] = byUser;
      batch.userAt[byItem] = userNumber;
    }
    batch.size = size;
  }
}
