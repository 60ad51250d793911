package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.data.Ratings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code skewed_ratings.cu}: its rule, written once more for the host. */
final class SkewedRatingsTest {
  /** Of a chunk; the sizes are less, as many, more and many times as many. */
  private static final int CHUNK = 100;

  private static Ratings make(Shape shape, int chunk) {
    try (CudaContext context = TestGpu.open();
        Kernels kernels = new Kernels(context)) {
      return new SkewedRatings(context, kernels).of(shape, chunk);
    }
  }

  /** floor(150 / v^2 - 150), each step in float. */
  private static int item(float u, int items) {
    float range = 1 - (float) Math.sqrt(150f / (items + 150f));
    float v = 1 - u * range;
    float place = 150f / (v * v) - 150f;
    return Math.min((int) place, items - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "7, 5, 99",
    "7, 5, 100",
    "1000, 300, 101",
    "2000000000, 1, 301",
    "1000, 59000, 20000",
    "3, 100000000, 777"
  })
  void areThoseOfTheHost(int users, int items, long count) {
    Ratings ratings = make(new Shape("any", users, items, count), CHUNK);
    assertEquals(count, ratings.size());
    for (long row = 0; row < count; row++) {
      long user = (Integer.toUnsignedLong(SkewedRatings.RANDOM.word(4 * row)) * users) >>> 32;
      float u = SkewedRatings.RANDOM.uniform(4 * row + 1);
      int item = item(u, items);
      int bonus = SkewedRatings.RANDOM.word(4 * row + 2) >>> 31;
      assertEquals(user, ratings.user(row), "user of " + row);
      assertEquals(item, ratings.item(row), "item of " + row);
      assertEquals(1 + item % 4 + bonus, ratings.value(row), "value of " + row);
    }
  }

  /**
   * As the integral of the law has it: in item i, (1 - sqrt(150 / (i + 150))) / m of all before.
   */
  @Test
  void sharesAreThoseOfMovieLens() {
    int items = 59_000;
    int count = 200_000;
    Ratings ratings = make(new Shape("any", 50, items, count), count);
    int hottest = 0;
    int popular = 0;
    int last = 0;
    for (long row = 0; row < ratings.size(); row++) {
      int item = ratings.item(row);
      hottest += item == 0 ? 1 : 0;
      popular += item < 394 ? 1 : 0;
      last += item >= items / 2 ? 1 : 0;
    }
    assertShare(0.003493, hottest, count);
    assertShare(0.5000, popular, count);
    assertShare(0.02187, last, count);
  }

  /** Within five standard deviations. */
  private static void assertShare(double share, int found, int count) {
    double deviation = Math.sqrt(count * share * (1 - share));
    assertTrue(
        Math.abs(found - count * share) < 5 * deviation,
        found + " of " + count + " instead of " + count * share);
  }
}
