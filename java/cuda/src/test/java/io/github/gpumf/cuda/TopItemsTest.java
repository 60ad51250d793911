package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code top_items.cu}. */
final class TopItemsTest {
  private static final int TILE = 64;

  /** Where an item is left out. */
  private static final float EXCLUDED = Float.intBitsToFloat(BestItems.EXCLUDED);

  private static boolean isExcluded(float score) {
    return Float.floatToRawIntBits(score) == BestItems.EXCLUDED;
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void scoresFollowTheFormula(String binding) {
    int[][] sizes = {{1, 1}, {5, 63}, {64, 64}, {65, 130}};
    for (int k : Sizes.FACTORS) {
      for (int[] size : k < 64 ? sizes : new int[][] {{5, 67}}) {
        for (boolean dense : new boolean[] {false, true}) {
          checkScores(binding, k, size[0], size[1], dense);
        }
      }
    }
  }

  private static void checkScores(String binding, int k, int users, int itemCount, boolean dense) {
    int rows = 90;
    Draws draws = new Draws(k);
    float reach = (float) (1.5 / Math.sqrt(k));
    float[] userFactors = draws.floats(rows * k, -reach, reach);
    float[] itemFactors = draws.floats(itemCount * k, -reach, reach);
    float[] userBias = draws.floats(rows, -1, 1);
    float[] itemBias = draws.floats(itemCount, -1, 1);
    float[] head = {1.5f, -0.5f};
    int[] tile = draws.rows(users, rows); // in no order, some twice
    double[] expected = new double[users * itemCount];
    for (int u = 0; u < users; u++) {
      for (int i = 0; i < itemCount; i++) {
        double dot = 0;
        for (int factor = 0; factor < k; factor++) {
          dot += (double) userFactors[tile[u] * k + factor] * itemFactors[i * k + factor];
        }
        expected[u * itemCount + i] =
            0.25 + (dense ? head[0] * dot + head[1] : dot + userBias[tile[u]] + itemBias[i]);
      }
    }
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer scores = gpu.allocate(4L * users * itemCount);
      gpu.run(
          "top_items",
          "score_items",
          new LaunchShape(
              Math.ceilDiv(itemCount, TILE), Math.ceilDiv(users, TILE), 1, 256, 1, 1, 0),
          gpu.table(userFactors, k),
          gpu.table(itemFactors, k),
          Gpu.vectors(k),
          dense ? Gpu.NULL : gpu.of(userBias),
          dense ? Gpu.NULL : gpu.of(itemBias),
          dense ? gpu.of(head) : Gpu.NULL,
          0.25f,
          gpu.of(tile),
          users,
          itemCount,
          scores);
      assertNear(
          expected,
          gpu.floats(scores),
          Near.tolerance(k),
          1,
          "k = " + k + ", " + users + " x " + itemCount);
    }
  }

  /** What one row's answer must be: best score first, equal scores by ascending item. */
  private static int[] best(float[] row, int n) {
    return IntStream.range(0, row.length)
        .filter(item -> !isExcluded(row[item]))
        .boxed()
        .sorted((a, b) -> Float.compare(row[b], row[a])) // stable
        .limit(n)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static void checkSelection(String binding, float[][] rows, int n, int threads) {
    int itemCount = rows[0].length;
    float[] scores = new float[rows.length * itemCount];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, scores, row * itemCount, itemCount);
    }
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer items = gpu.allocate(4L * rows.length * n);
      DeviceBuffer bestScores = gpu.allocate(4L * rows.length * n);
      DeviceBuffer found = gpu.allocate(4L * rows.length);
      gpu.run(
          "top_items",
          "select_items",
          LaunchShape.of(rows.length, threads),
          gpu.of(scores),
          itemCount,
          n,
          items,
          bestScores,
          found);
      int[] counts = gpu.ints(found);
      for (int row = 0; row < rows.length; row++) {
        int[] expected = best(rows[row], n);
        String what = "row " + row + " of " + itemCount + ", n = " + n + ", " + threads;
        assertEquals(expected.length, counts[row], what);
        int from = row * n;
        int[] actual = Arrays.copyOfRange(gpu.ints(items), from, from + counts[row]);
        assertArrayEquals(expected, actual, what);
        for (int at = 0; at < expected.length; at++) {
          assertEquals(rows[row][expected[at]], gpu.floats(bestScores)[from + at], what);
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void selectsExactlyTheBest(String binding) {
    for (int itemCount : new int[] {1, 2, 33, 1000, 5003}) {
      float[] random = new Draws(itemCount).floats(itemCount, -5, 5);
      float[] ties = new float[itemCount];
      float[] excluded = random.clone();
      float[] equal = new float[itemCount];
      for (int item = 0; item < itemCount; item++) {
        ties[item] = Math.round(random[item]); // eleven values
        if (item % 3 != 1) {
          excluded[item] = EXCLUDED;
        }
        equal[item] = item % 2 == 0 ? 0f : -0f; // apart, though they compare equal as numbers
      }
      float[] nothingLeft = new float[itemCount];
      Arrays.fill(nothingLeft, EXCLUDED);
      float[] extremes = random.clone();
      extremes[0] = Float.MAX_VALUE;
      extremes[itemCount - 1] = -Float.MAX_VALUE;
      extremes[itemCount / 2] = Float.MIN_VALUE;
      float[] infinite = excluded.clone();
      for (int item = 1; item < itemCount; item += 3) {
        infinite[item] = item % 2 == 0 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
      }
      float[][] rows = {random, ties, excluded, equal, nothingLeft, extremes, infinite};
      for (int n : new int[] {1, 7, 64, 1000, 1024}) {
        checkSelection(binding, rows, n, 128);
      }
      checkSelection(binding, rows, 10, 32);
      checkSelection(binding, rows, 100, 1024);
    }
  }

  private static int[] bits(float[] values) {
    return IntStream.range(0, values.length)
        .map(at -> Float.floatToRawIntBits(values[at]))
        .toArray();
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void leavesItemsOut(String binding) {
    float[] scores = new Draws(3).floats(3 * 50, -1, 1);
    long[] offsets = {0, 2, 2, 42};
    int[] excluded = new int[42];
    excluded[0] = 0;
    excluded[1] = 49;
    for (int at = 2; at < 42; at++) {
      excluded[at] = at;
    }
    float[] expected = scores.clone();
    expected[0] = EXCLUDED;
    expected[49] = EXCLUDED;
    for (int at = 2; at < 42; at++) {
      expected[100 + at] = EXCLUDED;
    }
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer onDevice = gpu.of(scores);
      gpu.run(
          "top_items",
          "exclude_items",
          LaunchShape.of(3, 32),
          gpu.of(offsets),
          gpu.of(excluded),
          50,
          onDevice);
      assertArrayEquals(bits(expected), gpu.ints(onDevice));
    }
  }
}
