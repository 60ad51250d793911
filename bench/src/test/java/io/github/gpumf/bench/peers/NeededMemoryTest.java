package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.bench.peers.NeededMemory.State;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class NeededMemoryTest {
  private static long bytes(String recipe) {
    Path none = Path.of("none");
    return NeededMemory.bytes(
        new RatingSet("ratings", none, none, 10, 5, 100), 4, State.of(recipe));
  }

  /** 100 ratings are 1,200 bytes; 15 rows of 4 factors and a bias have 75 weights, 300 bytes. */
  @Test
  void countsRatingsWeightsAndState() {
    assertEquals(1200 + 300, bytes("sgd"));
    assertEquals(1200 + 300, bytes("sgd-per-rating"));
    assertEquals(1200 + 300, bytes("tuned"));
    assertEquals(1200 + 3 * 300, bytes("adam"));
    assertEquals(1200 + 3 * 300, bytes("lazy-adam-per-rating"));
    assertEquals(1200 + 3 * 300, bytes("sparse-adam"));
    assertEquals(1200 + 2 * 300, bytes("adagrad"));
  }

  /** A number for each row of factors, and one for each bias. */
  @Test
  void countsOneAccumulatorOfARow() {
    assertEquals(1200 + 300 + 15 * 4 + 15 * 4, bytes(Recipe.ADAGRAD_PER_RATING.label()));
  }

  /** More ratings than an int counts bytes of. */
  @Test
  void countsIn64Bits() {
    Path none = Path.of("none");
    RatingSet large = new RatingSet("ratings", none, none, 40_000_000, 10_000_000, 2_000_000_000);
    assertEquals(
        12 * 2_000_000_000L + 3 * 4 * 129 * 50_000_000L,
        NeededMemory.bytes(large, 128, State.TWO_A_WEIGHT));
  }
}
