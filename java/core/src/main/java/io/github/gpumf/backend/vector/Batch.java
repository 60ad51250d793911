package io.github.gpumf.backend.vector;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The ratings of a batch in the order of their users, the same by item, and what is found out about
 * them. They stand in the {@link EpochRatings}.
 */
final class Batch {
  /** As many bits as a vector of floats. */
  private static final VectorSpecies<Double> DOUBLES = Lanes.SPECIES.withLanes(double.class);

  final BatchIndex users;
  final BatchIndex items;

  /** Ratings. */
  int size;

  // Addresses of the first rating's numbers; see PackedRatings.

  long pairs;
  long values;
  long weights;

  // By rating.

  /** The number of each rating's user. */
  final int[] userOf;

  // For each part of the columns, which has arrays of its own to write to.

  /** {@code p . q} of the part, with the biases that stand by its columns. */
  final float[][] dots;

  /** Derivative of the loss by each prediction: {@code 2/n a e}. The same for all parts. */
  final float[][] slopes;

  // By the places of their items.

  /** The number of each rating's item. */
  final int[] itemOf;

  /** The number of each rating's user, in the upper half, and which rating it is. */
  final long[] ratingAt;

  Batch(BatchIndex users, BatchIndex items, int size, int parts) {
    this.users = users;
    this.items = items;
    userOf = new int[size];
    dots = new float[parts][size];
    slopes = new float[parts][size];
    itemOf = new int[size];
    ratingAt = new long[size];
  }

  /** The sum of what all parts add to a prediction. */
  float dot(int rating) {
    return dots.length == 1 ? dots[0][rating] : dots[0][rating] + dots[1][rating];
  }

  /**
   * Finds the slopes of ratings whose dot products are known.
   *
   * @param from the first one
   * @param to after the last
   * @param part for which they are left
   * @return the weighted squared error
   */
  double findSlopes(int from, int to, BatchNumbers numbers, int part) {
    float[] first = dots[0];
    float[] second = dots.length == 1 ? null : dots[1];
    DoubleVector squares = DoubleVector.zero(DOUBLES); // of floats they may be infinite
    int at = from;
    for (; at <= to - Lanes.COUNT; at += Lanes.COUNT) {
      FloatVector error = errors(first, second, at, numbers);
      FloatVector weighted = weigh(error, at);
      weighted.mul(numbers.scale()).intoArray(slopes[part], at);
      squares = widen(weighted, 0).fma(widen(error, 0), squares);
      squares = widen(weighted, 1).fma(widen(error, 1), squares);
    }
    double squaredError = Sums.inOrder(squares.toArray(), DOUBLES.length());
    for (; at < to; at++) {
      float value = Lanes.get(values + (long) at * Float.BYTES);
      float error = dot(at) * numbers.kernel() - (value - numbers.offset());
      float weighted = weights == 0 ? error : error * Lanes.get(weights + (long) at * Float.BYTES);
      slopes[part][at] = weighted * numbers.scale();
      squaredError += (double) weighted * error;
    }
    return squaredError;
  }

  /** A half of the lanes. */
  private static DoubleVector widen(FloatVector vector, int half) {
    return (DoubleVector) vector.convertShape(VectorOperators.F2D, DOUBLES, half);
  }

  private FloatVector errors(
      float[] first, float @Nullable [] second, int at, BatchNumbers numbers) {
    FloatVector dot = FloatVector.fromArray(Lanes.SPECIES, first, at);
    if (second != null) {
      dot = dot.add(FloatVector.fromArray(Lanes.SPECIES, second, at));
    }
    FloatVector value = Lanes.load(Lanes.address(values + (long) at * Float.BYTES));
    return dot.mul(numbers.kernel()).sub(value.sub(numbers.offset()));
  }

  private FloatVector weigh(FloatVector error, int at) {
    return weights == 0
        ? error
        : error.mul(Lanes.load(Lanes.address(weights + (long) at * Float.BYTES)));
  }

  /** Bytes of a batch, without its indices. */
  static long bytes(int size, int parts) {
    return (long) size * (2 * Integer.BYTES + Long.BYTES + 2 * Float.BYTES * parts);
  }
}
