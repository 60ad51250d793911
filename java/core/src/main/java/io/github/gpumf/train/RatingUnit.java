package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;

/**
 * The unit that ratings are trained on in: a session knows nothing of it. Ratings that are so many
 * times as large have biases that are, factors that are its root, and the same losses in units of
 * its square, if the weights begin so and move so. No learning rate makes them move so in other
 * units, since that of biases would have to be another one than that of factors.
 *
 * @param value by which ratings are divided; positive and finite
 */
record RatingUnit(double value) {
  boolean isOne() {
    return value == 1;
  }

  /** Ratings in this unit. */
  Ratings of(Ratings ratings) {
    return ratings.inUnitsOf(value);
  }

  /** Bytes that such ratings take beside those that they are of. */
  long bytes(long ratings) {
    return isOne() ? 0 : ratings * Float.BYTES;
  }

  /** An error in this unit as one of ratings. */
  double error(double inUnits) {
    return inUnits * value;
  }

  /** A squared error in this unit as one of ratings. */
  double squaredError(double inUnits) {
    return inUnits * value * value;
  }

  /** Turns weights that predict in this unit into those that predict ratings. */
  void giveBack(Weights weights) {
    if (isOne()) {
      return;
    }
    multiply(weights.userFactors(), Math.sqrt(value));
    multiply(weights.itemFactors(), Math.sqrt(value));
    FloatTable userBias = weights.userBias();
    FloatTable itemBias = weights.itemBias();
    FloatTable dense = weights.dense();
    if (userBias != null && itemBias != null) {
      multiply(userBias, value);
      multiply(itemBias, value);
    }
    if (dense != null) {
      dense.set(0, 1, (float) (dense.get(0, 1) * value)); // its kernel has no unit
    }
  }

  private static void multiply(FloatTable table, double factor) {
    for (long row = 0; row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, (float) (table.get(row, column) * factor));
      }
    }
  }
}
