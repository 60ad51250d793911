package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import java.util.SplittableRandom;

/**
 * Ratings to take times with: few items have most of them, and some items are better than others,
 * so that there is something to learn. Made at some 100 M a second; {@link
 * io.github.gpumf.data.SyntheticRatings} has a better truth and takes longer.
 */
final class SkewedRatings {
  private static final long SEED = 1;

  private SkewedRatings() {}

  static Ratings of(Shape shape) {
    SplittableRandom random = new SplittableRandom(SEED);
    Ratings.Builder builder =
        Ratings.builder(
            IdMap.dense(shape.users()), IdMap.dense(shape.items()), shape.ratings(), false, false);
    for (long row = 0; row < shape.ratings(); row++) {
      int user = random.nextInt(shape.users());
      int item = item(random, shape.items());
      builder.set(row, user, item, 1 + item % 4 + random.nextInt(2));
    }
    return builder.build();
  }

  /** Half of the draws are of an eighth of the items. */
  static int item(SplittableRandom random, int items) {
    double u = random.nextDouble();
    return (int) (u * u * u * items);
  }
}
