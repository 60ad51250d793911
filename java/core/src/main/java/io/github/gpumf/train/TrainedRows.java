package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;

/**
 * The users and items that have a training rating. Parts of a split share their id maps, so that an
 * id may be known and have none.
 */
final class TrainedRows {
  private final boolean[] users;
  private final boolean[] items;

  TrainedRows(Ratings training) {
    users = new boolean[training.userCount()];
    items = new boolean[training.itemCount()];
    for (long row = 0; row < training.size(); row++) {
      users[training.user(row)] = true;
      items[training.item(row)] = true;
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
    long[] rows = new long[Math.toIntExact(count)];
    int kept = 0;
    for (long row = 0; row < heldOut.size(); row++) {
      if (isOfThese(heldOut, row)) {
        rows[kept++] = row;
      }
    }
    return heldOut.select(count, at -> rows[(int) at]);
  }

  private boolean isOfThese(Ratings ratings, long row) {
    return users[ratings.user(row)] && items[ratings.item(row)];
  }
}
