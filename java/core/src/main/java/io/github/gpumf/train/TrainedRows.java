package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The users and items that have a training rating. Parts of a split share their id maps, so that an
 * id may be known and have none.
 */
final class TrainedRows {
  /** Ratings read at a time into an array, with which code is fast before it is compiled. */
  private static final int PIECE = 4096;

  private final boolean[] users;
  private final boolean[] items;

  TrainedRows(Ratings training) {
    users = new boolean[training.userCount()];
    items = new boolean[training.itemCount()];
    mark(training.userColumn(), users);
    mark(training.itemColumn(), items);
  }

  private static void mark(MemorySegment column, boolean[] marks) {
    int[] rows = new int[PIECE];
    long size = column.byteSize() / Integer.BYTES;
    for (long from = 0; from < size; from += PIECE) {
      int count = (int) Math.min(PIECE, size - from);
      MemorySegment.copy(column, ValueLayout.JAVA_INT, from * Integer.BYTES, rows, 0, count);
      for (int at = 0; at < count; at++) {
        marks[rows[at]] = true;
      }
    }
  }

  boolean hasUser(int user) {
    return users[user];
  }

  boolean hasItem(int item) {
    return items[item];
  }

  /** The ratings, with the id maps of the training ratings, that are of these users and items. */
  Ratings of(Ratings heldOut) {
    long count = 0;
    for (long row = 0; row < heldOut.size(); row++) {
      count += isOfThese(heldOut, row) ? 1 : 0;
    }
    if (count == heldOut.size()) {
      return heldOut;
    }
    long[] next = {0};
    return heldOut.select(
        count,
        at -> {
          while (!isOfThese(heldOut, next[0])) {
            next[0]++;
          }
          return next[0]++;
        });
  }

  private boolean isOfThese(Ratings ratings, long row) {
    return users[ratings.user(row)] && items[ratings.item(row)];
  }
}
