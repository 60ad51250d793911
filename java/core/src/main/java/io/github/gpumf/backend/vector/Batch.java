package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

/** The numbers of a batch's ratings, by their position in it. */
final class Batch {
  final float[] values;

  /** Null if all weigh 1. */
  final float @Nullable [] weights;

  /** {@code p . q}. */
  final float[] dots;

  /** Derivative of the loss by each prediction: {@code 2/n a e}. */
  final float[] slopes;

  /** {@code a e^2} of each rating. */
  final double[] squaredErrors;

  Batch(int size, boolean weighted) {
    values = new float[size];
    weights = weighted ? new float[size] : null;
    dots = new float[size];
    slopes = new float[size];
    squaredErrors = new double[size];
  }
}
