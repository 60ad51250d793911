package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;

/**
 * Ratings that share no row, while they pass through the {@link GroupPhase}s. What is done to rows
 * is a loop over the ratings; what is done to single numbers is done to all of them in a vector or
 * two, {@value RatingGrid#GROUP} numbers or more, whatever {@link #size} says.
 */
final class RatingGroup {
  /** Whole vectors of any machine. */
  static final int LENGTH = Math.max(RatingGrid.GROUP, Lanes.COUNT);

  /** How many there are. */
  int size;

  /** The address of the first. */
  long first;

  final float[] values = new float[LENGTH];
  final float[] weights = new float[LENGTH];

  /** {@code p . q}. */
  final float[] dots = new float[LENGTH];

  /** The loss by the prediction: {@code 2 a e}. */
  final float[] slopes = new float[LENGTH];

  /** {@code a e^2}. */
  final float[] losses = new float[LENGTH];

  final RowNumbers ofUsers = new RowNumbers();
  final RowNumbers ofItems = new RowNumbers();
  final RatingSide users;
  final RatingSide items;
  final RatingStep step;

  /** Of the groups so far, weighted. */
  double squaredError;

  RatingGroup(long first, RatingSide users, RatingSide items, RatingStep step) {
    this.first = first;
    this.users = users;
    this.items = items;
    this.step = step;
  }
}
