package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

final class LanesTest {
  /** Enough for the compiler to be through with it: bits must not depend on that. */
  private static final int TIMES = 20_000;

  @Test
  void sumsAreThoseOfOneTree() {
    SplittableRandom random = new SplittableRandom(7);
    float[] numbers = new float[Lanes.COUNT];
    for (int time = 0; time < TIMES; time++) {
      for (int lane = 0; lane < numbers.length; lane++) {
        numbers[lane] = random.nextFloat() * (1 << random.nextInt(20));
      }
      assertEquals(sum(numbers), Lanes.sum(FloatVector.fromArray(Lanes.SPECIES, numbers, 0)));
    }
  }

  /** Adds the upper half to the lower until one is left. */
  private static float sum(float[] numbers) {
    float[] sums = numbers.clone();
    for (int half = sums.length / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        sums[lane] += sums[lane + half];
      }
    }
    return sums[0];
  }
}
