package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SyntheticRatingsTest {
  private static final SyntheticRatings SMALL =
      SyntheticRatings.movieLensLike().withSize(60, 200, 2500);

  @Test
  void hasTheShapeOfMovieLens() {
    SyntheticRatings synthetic = SyntheticRatings.movieLensLike();
    Ratings ratings = synthetic.generate();
    assertEquals(100_000, ratings.size());
    assertEquals(950, ratings.userCount());
    assertEquals(1700, ratings.itemCount());
    assertEquals(1f, ratings.minValue());
    assertEquals(5f, ratings.maxValue());
    double variance = ratings.meanSquare() - ratings.meanValue() * ratings.meanValue();
    // MovieLens 100K: mean 3.53, standard deviation 1.13.
    assertEquals(3.5, ratings.meanValue(), 0.2);
    assertEquals(1.1, Math.sqrt(variance), 0.15);
    int[] byUser = new int[950];
    int[] byItem = new int[1700];
    for (long row = 0; row < ratings.size(); row++) {
      byUser[ratings.user(row)]++;
      byItem[ratings.item(row)]++;
    }
    Arrays.sort(byUser);
    Arrays.sort(byItem);
    // MovieLens 100K: users have 20 to 737 ratings, median 64; items 1 to 583, median 27.
    assertTrue(byUser[0] >= 20, "least active user: " + byUser[0]);
    assertTrue(byUser[949] >= 400, "most active user: " + byUser[949]);
    assertEquals(64, byUser[475], 20);
    assertTrue(byItem[1699] >= 300, "most popular item: " + byItem[1699]);
    assertEquals(27, byItem[850], 15);
    double floor = synthetic.noiseFloor(ratings);
    // Noise of 0.5 and rounding to whole stars (1 / 12), less what clipping takes away.
    assertEquals(Math.sqrt(0.25 + 1.0 / 12), floor, 0.05);
    assertTrue(floor * floor < variance / 3, "the signal is clearly above the noise");
  }

  @Test
  void noPairOccursTwiceAndTimeRunsForward() {
    Ratings ratings = SMALL.generate();
    Set<Long> pairs = new HashSet<>();
    for (long row = 0; row < ratings.size(); row++) {
      assertTrue(pairs.add((long) ratings.user(row) << 32 | ratings.item(row)), "row " + row);
      if (row > 0 && ratings.user(row) == ratings.user(row - 1)) {
        assertTrue(ratings.timestamp(row) > ratings.timestamp(row - 1));
      }
    }
  }

  @Test
  void numbersAndSeedMakeTheRatings() {
    assertEquals(SMALL.generate().fingerprint(), SMALL.generate().fingerprint());
    assertNotEquals(SMALL.generate().fingerprint(), SMALL.withSeed(43).generate().fingerprint());
    assertNotEquals(SMALL.generate().fingerprint(), SMALL.withRank(9).generate().fingerprint());
  }

  @Test
  void exactCountsAtAwkwardSizes() {
    int[][] sizes = {{1, 4, 1}, {1, 9, 2}, {3, 5, 3}, {3, 101, 75}, {31, 17, 131}, {7, 4, 7}};
    for (int[] size : sizes) {
      for (long seed = 0; seed < 20; seed++) {
        SyntheticRatings synthetic =
            SMALL.withSize(size[0], size[1], size[2]).withSeed(seed).withRank(1);
        Ratings ratings = synthetic.generate();
        assertEquals(size[2], ratings.size());
        assertTrue(Double.isFinite(synthetic.noiseFloor()));
      }
    }
  }

  @Test
  void valuesLieOnTheStepsAskedFor() {
    for (double step : new double[] {0.5, 1}) {
      Ratings ratings = SMALL.withStep(step).generate();
      for (long row = 0; row < ratings.size(); row++) {
        assertEquals(0, ratings.value(row) % step);
      }
    }
  }

  @Test
  void floorIsTheNoiseThatWasAdded() {
    // Nothing but float rounding of values up to 5: half an ulp, 2^-22.
    assertEquals(0, SMALL.withNoise(0).withStep(0).noiseFloor(), 0x1p-22);
    double quiet = SMALL.withNoise(0.1).withStep(0).noiseFloor();
    // Clipping takes a little away; 5 standard errors of a deviation are 5 * 0.1 / sqrt(5000).
    assertEquals(0.1, quiet, 0.0075);
    assertTrue(SMALL.withNoise(1).noiseFloor() > SMALL.withNoise(0.5).noiseFloor());
  }

  @Test
  void floorGoesByIdsNotByIndices() {
    Ratings ratings = SMALL.generate();
    Ratings reversed = ratings.select(ratings.size(), row -> ratings.size() - 1 - row);
    Ratings renamed =
        reversed.alignedTo(
            IdMap.ofStrings(
                java.util.stream.IntStream.range(0, 60).mapToObj(i -> "" + (59 - i)).toList()),
            ratings.items());
    // The sum runs in another order: 2500 terms, each rounded to 2^-53 of the sum.
    assertEquals(SMALL.noiseFloor(), SMALL.noiseFloor(renamed), 1e-12);
    Ratings foreign = Ratings.of(new int[] {60}, new int[] {0}, new float[] {3}, 61, 1);
    assertThrows(IllegalArgumentException.class, () -> SMALL.noiseFloor(foreign));
    assertThrows(
        IllegalArgumentException.class, () -> SMALL.noiseFloor(ratings.select(0, row -> row)));
  }

  @Test
  void numbersOutOfRangeAreNamed() {
    Thrown.assertIllegal("users must be at least 1, not 0", () -> SMALL.withSize(0, 9, 1));
    Thrown.assertIllegal("items must be at least 4, not 3", () -> SMALL.withSize(9, 3, 1));
    Thrown.assertIllegal("ratings must be in 1..25", () -> SMALL.withSize(10, 10, 26));
    Thrown.assertIllegal("not 0", () -> SMALL.withSize(10, 10, 0));
    Thrown.assertIllegal("rank must be in 1..1024, not 0", () -> SMALL.withRank(0));
    Thrown.assertIllegal("noise must be in 0..100, not NaN", () -> SMALL.withNoise(Double.NaN));
    Thrown.assertIllegal("step must be 0, 0.5 or 1, not 0.3", () -> SMALL.withStep(0.3));
  }
}
