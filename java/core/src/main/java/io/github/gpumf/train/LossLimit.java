package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/**
 * A batch has diverged when its mean squared error passes this many times the loss of predicting 0,
 * all ratings with the largest weight. Trainings that recover stay far below it; those that do not
 * pass it within a few steps.
 *
 * @param ratings as they are
 * @param unit that they are trained on in
 * @param largestWeight of a rating, at least 1
 */
record LossLimit(Ratings ratings, RatingUnit unit, float largestWeight) {
  private static final double FACTOR = 1e4;

  /** Ratings that are so many times as far apart as most of them are worth a word. */
  private static final double FAR = 10;

  static LossLimit of(Ratings ratings, RatingUnit unit) {
    float largest = 1;
    for (long row = 0; ratings.hasWeights() && row < ratings.size(); row++) {
      largest = Math.max(largest, ratings.weight(row));
    }
    return new LossLimit(ratings, unit, largest);
  }

  /** In the unit. */
  double value() {
    return FACTOR * largestWeight * Math.max(1, meanSquare());
  }

  private double meanSquare() {
    return ratings.meanSquare() / unit.squaredError(1);
  }

  /** The limit, and where it comes from, of ratings as they are. */
  String inWords() {
    return rounded(unit.squaredError(value()))
        + String.format(Locale.ROOT, ", which is %,d times ", (long) FACTOR)
        + (largestWeight > 1 ? "the largest weight, " + rounded(largestWeight) + ", times " : "")
        + (meanSquare() < 1
            ? "the larger of " + (unit.isOne() ? "1" : rounded(unit.squaredError(1))) + " and "
            : "")
        + "the mean square of the ratings";
  }

  /** What to do about ratings that are far from all others, if there are any. */
  String outliers() {
    double usual = TunedOptions.usualSpan(ratings);
    double span = (double) ratings.maxValue() - ratings.minValue();
    return span > FAR * usual
        ? ", or leave out what is far from other ratings: they go from %s to %s, and without a hundredth at either end are %s apart"
            .formatted(rounded(ratings.minValue()), rounded(ratings.maxValue()), rounded(usual))
        : "";
  }

  /** Three digits tell what a person needs. */
  static String rounded(double number) {
    return Double.toString(new BigDecimal(number).round(new MathContext(3)).doubleValue());
  }
}
