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

  // For each part of the columns, which has arrays of its own to write to.

  /** {@code p . q} of the part. */
  final float[][] dots;

  /** Derivative of the loss by each prediction: {@code 2/n a e}. The same for all parts. */
  final float[][] slopes;

  // By the places of their items.

  /** The number of each rating's item. */
  final int[] itemOf;

  /** Where each rating stands among those of the users. */
  final int[] ratingAt;

  /** The number of each rating's user. */
  final int[] userAt;

  Batch(BatchIndex users, BatchIndex items, int size, boolean weighted, int parts) {
    this.users = users;
    this.items = items;
    userOf = new int[size];
    itemOf = new int[size];
    itemAt = new int[size];
    values = new float[size];
    weights = weighted ? new float[size] : null;
    dots = new float[parts][size];
    slopes = new float[parts][size];
    ratingAt = new int[size];
    userAt = new int[size];
  }

  /** {@code p . q} of a rating. */
  float dot(int place) {
    return dots.length == 1 ? dots[0][place] : dots[0][place] + dots[1][place];
  }

  /** Bytes of a batch, without its indices. */
  static long bytes(int size, boolean weighted, int parts) {
    return (long) size * (24 + (weighted ? 4 : 0) + 8 * parts);
  }
}
