package io.github.gpumf.cuda;

import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;

/** Random inputs of kernels; the same seed draws the same. */
final class Draws {
  private final CounterRandom random;
  private long next;

  Draws(long seed) {
    random = CounterRandom.of(seed, Purpose.SYNTHETIC, 0);
  }

  float[] floats(int count, float low, float high) {
    float[] values = new float[count];
    for (int at = 0; at < count; at++) {
      values[at] = low + random.uniform(next++) * (high - low);
    }
    return values;
  }

  /** Skewed as items are: low rows come often, many times in one batch. */
  int[] rows(int count, int rows) {
    int[] drawn = new int[count];
    for (int at = 0; at < count; at++) {
      float u = random.uniform(next++);
      drawn[at] = (int) (u * u * u * rows);
    }
    return drawn;
  }
}
