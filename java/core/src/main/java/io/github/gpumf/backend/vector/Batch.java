package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

/** The ratings of a batch, by user and by item, and what is found out about them. */
final class Batch {
  final BatchIndex users;
  final BatchIndex items;

  /** Ratings. */
  int size;

  // By the places of their users.

  /** The number of each rating's user. */
  final int[] userOf;

  /** The item of each rating: its row. */
  final int[] itemAt;

  final float[] values;

  /** Null if all weigh 1. */
  final float @Nullable [] weights;

  /** {@code p . q}; null if nobody asks. */
  final float @Nullable [] dots;

  /** Derivative of the loss by each prediction: {@code 2/n a e}. */
  final float[] slopes;

  // By the places of their items.

  /** The number of each rating's item. */
  final int[] itemOf;

  /** Where each rating stands among those of the users. */
  final int[] ratingAt;

  /** The number of each rating's user. */
  final int[] userAt;

  Batch(BatchIndex users, BatchIndex items, int size, boolean weighted, boolean keepsDots) {
    this.users = users;
    this.items = items;
    userOf = new int[size];
    itemOf = new int[size];
    itemAt = new int[size];
    values = new float[size];
    weights = weighted ? new float[size] : null;
    dots = keepsDots ? new float[size] : null;
    slopes = new float[size];
    ratingAt = new int[size];
    userAt = new int[size];
  }

  /** Bytes of a batch, without its indices. */
  static long bytes(int size, boolean weighted, boolean keepsDots) {
    return (long) size * (28 + (weighted ? 4 : 0) + (keepsDots ? 4 : 0));
  }
}
