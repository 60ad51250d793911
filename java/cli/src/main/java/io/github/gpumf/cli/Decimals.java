package io.github.gpumf.cli;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.MfModel;
import java.util.Locale;

/**
 * How many decimals ratings and their errors are printed with: four, and more where the lowest and
 * the highest rating are less than 1 apart, so that as many digits say something.
 */
record Decimals(int count) {
  private static final int USUAL_COUNT = 4;

  /** For what does not depend on ratings, such as a cosine or a precision. */
  static final Decimals USUAL = new Decimals(USUAL_COUNT);

  static Decimals of(MfModel model) {
    return of(model.scale().min(), model.scale().max());
  }

  static Decimals of(Ratings ratings) {
    return of(ratings.minValue(), ratings.maxValue());
  }

  private static Decimals of(double lowest, double highest) {
    // Where all ratings are equal, their size is all that there is to go by.
    double scale = highest > lowest ? highest - lowest : Math.abs(highest);
    return scale > 0 && scale < 1
        ? new Decimals(USUAL_COUNT - (int) Math.floor(Math.log10(scale)))
        : USUAL;
  }

  String text(double value) {
    return String.format(Locale.ROOT, "%." + count + "f", value);
  }
}
