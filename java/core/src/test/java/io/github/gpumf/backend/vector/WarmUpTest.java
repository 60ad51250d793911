package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class WarmUpTest {
  @Test
  void endsWithTheFirstFastRatings() {
    WarmUp warmUp = new WarmUp(4 * Lanes.BYTES);
    warmUp.took(1_000, 5_000_000);
    warmUp.took(0, 30);
    warmUp.took(10, 4_000);
    assertFalse(warmUp.isOver());
    warmUp.took(10, 3_999);
    assertTrue(warmUp.isOver());
    warmUp.took(1_000, 5_000_000);
    assertTrue(warmUp.isOver());
  }

  @Test
  void endsWhereNothingIsCompiled() {
    WarmUp warmUp = new WarmUp(Lanes.BYTES);
    warmUp.took(199_999, Long.MAX_VALUE);
    assertFalse(warmUp.isOver());
    warmUp.took(1, Long.MAX_VALUE);
    assertTrue(warmUp.isOver());
  }
}
