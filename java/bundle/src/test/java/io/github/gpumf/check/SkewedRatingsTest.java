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

  private static Ratings make(Shape shape) {
    try (CudaContext context = TestGpu.open();
        Kernels kernels = new Kernels(context)) {
      return new SkewedRatings(context, kernels).of(shape, CHUNK);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "7, 5, 99",
    "7, 5, 100",
    "1000, 300, 101",
    "2000000000, 1, 301",
    "3, 100000000, 777"
  })
  void areThoseOfTheHost(int users, int items, long count) {
    Ratings ratings = make(new Shape("any", users, items, count));
    assertEquals(count, ratings.size());
    for (long row = 0; row < count; row++) {
      long user = (Integer.toUnsignedLong(SkewedRatings.RANDOM.word(4 * row)) * users) >>> 32;
      float u = SkewedRatings.RANDOM.uniform(4 * row + 1);
      int item = Math.min((int) (u * u * u * items), items - 1);
      int bonus = SkewedRatings.RANDOM.word(4 * row + 2) >>> 31;
      assertEquals(user, ratings.user(row), "user of " + row);
      assertEquals(item, ratings.item(row), "item of " + row);
      assertEquals(1 + item % 4 + bonus, ratings.value(row), "value of " + row);
    }
  }

  @Test
  void halfOfThemAreOfAnEighthOfTheItems() {
    Ratings ratings = make(new Shape("any", 50, 80, 10_000));
    int popular = 0;
    for (long row = 0; row < ratings.size(); row++) {
      popular += ratings.item(row) < 10 ? 1 : 0;
    }
    // Five standard deviations of a fair coin thrown 10,000 times.
    assertTrue(Math.abs(popular - 5_000) < 250, popular + " of 10,000");
  }
}
