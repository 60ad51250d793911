package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.Scorer.TopItems;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backend's scoring promises. */
public abstract class ScorerContract {
  /**
   * Sums of up to 129 products of size 1, in another order and with products fused: each of k
   * additions rounds by half of 2^-23 of a partial sum below 16.
   */
  private static final double TOLERANCE = 1e-4;

  /** Opens the scorer under test. */
  protected abstract Scorer open(MfModel model);

  /** A model with factors and biases in -1..1, which makes scores that differ. */
  static MfModel model(Mf spec, int users, int items) {
    Weights weights = Weights.zeros(spec.head(), users, items, spec.factors(), Arena.ofAuto());
    fill(weights.userFactors(), 0);
    fill(weights.itemFactors(), 1);
    fill(weights.userBias(), 2);
    fill(weights.itemBias(), 3);
    fill(weights.dense(), 4);
    return model(spec, weights);
  }

  static MfModel model(Mf spec, Weights weights) {
    return new MfModel(
        spec,
        weights,
        IdMap.dense((int) weights.userFactors().rows()),
        IdMap.dense((int) weights.itemFactors().rows()),
        new RatingScale(3.5f, 1, 5),
        null,
        Map.of());
  }

  private static void fill(@Nullable FloatTable table, int part) {
    CounterRandom random = CounterRandom.of(5, Purpose.SYNTHETIC, part);
    for (long row = 0; table != null && row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, 2 * random.uniform(row * table.columns() + column) - 1);
      }
    }
  }

  /** In double, item by item. */
  private static double expected(MfModel model, int user, int item) {
    Weights weights = model.weights();
    double dot = 0;
    for (int factor = 0; factor < model.spec().factors(); factor++) {
      dot +=
          (double) weights.userFactors().get(user, factor)
              * weights.itemFactors().get(item, factor);
    }
    if (weights.dense() != null) {
      return weights.dense().get(0, 0) * dot + weights.dense().get(0, 1) + model.offset();
    }
    if (weights.userBias() == null || weights.itemBias() == null) {
      throw new AssertionError("biases or a Dense head");
    }
    return dot + weights.userBias().get(user, 0) + weights.itemBias().get(item, 0) + model.offset();
  }

  private static void assertBest(
      MfModel model, int user, int count, int[] excluded, TopItems actual) {
    int items = model.items().size();
    int[] candidates =
        IntStream.range(0, items).filter(i -> Arrays.binarySearch(excluded, i) < 0).toArray();
    assertEquals(Math.min(count, candidates.length), actual.items().length);
    assertEquals(
        actual.items().length, Arrays.stream(actual.items()).distinct().count(), "each item once");
    double worst = Double.POSITIVE_INFINITY;
    for (int at = 0; at < actual.items().length; at++) {
      assertTrue(Arrays.binarySearch(candidates, actual.items()[at]) >= 0, "not excluded");
      assertEquals(expected(model, user, actual.items()[at]), actual.scores()[at], TOLERANCE);
      assertTrue(at == 0 || actual.scores()[at] <= actual.scores()[at - 1], "best first");
      worst = actual.scores()[at];
    }
    for (int item : candidates) {
      if (Arrays.stream(actual.items()).noneMatch(each -> each == item)) {
        assertTrue(expected(model, user, item) <= worst + TOLERANCE, "nothing better was left out");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129})
  void findsTheBestForAnyNumberOfFactors(int factors) {
    for (Mf spec :
        List.of(Mf.biased(factors).withMeanOffset(true), Mf.basic(factors), Mf.tuned(factors))) {
      MfModel model = model(spec, 21, 517);
      Exclusions odd = user -> IntStream.range(0, 517).filter(i -> i % 7 == user % 7).toArray();
      try (Scorer scorer = open(model)) {
        int[] users = {0, 20, 3, 3, 7, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15};
        TopItems[] answers = scorer.topItems(users, 10, odd);
        for (int at = 0; at < users.length; at++) {
          assertBest(model, users[at], 10, odd.of(users[at]), answers[at]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 16, 1000, 5003})
  void findsTheBestOfAnyNumberOfItems(int items) {
    MfModel model = model(Mf.biased(9), 3, items);
    try (Scorer scorer = open(model)) {
      for (int count : new int[] {1, 5, items, items + 7, 1_000_000_000}) {
        assertBest(
            model, 2, count, new int[0], scorer.topItems(new int[] {2}, count, Exclusions.NONE)[0]);
        int[] all = IntStream.range(0, items).toArray();
        assertEquals(0, scorer.topItems(new int[] {2}, count, u -> all)[0].items().length);
      }
      assertEquals(0, scorer.topItems(new int[0], 3, Exclusions.NONE).length);
    }
  }

  @Test
  void knownAnswer() {
    // Two users, four items, k = 2: scores are u0 . q + b, by hand.
    Weights weights = Weights.zeros(Mf.Head.BIASES, 2, 4, 2, Arena.ofAuto());
    float[][] users = {{1, 2}, {-1, 0}};
    float[][] items = {{1, 1}, {0, 2}, {3, 0}, {2, -1}};
    float[] itemBias = {0, 0.5f, 0, 0.5f};
    for (int column = 0; column < 2; column++) {
      for (int user = 0; user < 2; user++) {
        weights.userFactors().set(user, column, users[user][column]);
      }
      for (int item = 0; item < 4; item++) {
        weights.itemFactors().set(item, column, items[item][column]);
        java.util.Objects.requireNonNull(weights.itemBias()).set(item, 0, itemBias[item]);
      }
    }
    try (Scorer scorer = open(model(Mf.biased(2), weights))) {
      TopItems[] best = scorer.topItems(new int[] {0, 1}, 3, Exclusions.NONE);
      // User 0: 3, 4.5, 3, 0.5; item 0 and 2 tie. User 1: -1, 0.5, -3, -1.5.
      assertArrayEquals(new int[] {1, 0, 2}, best[0].items());
      assertArrayEquals(new float[] {4.5f, 3, 3}, best[0].scores());
      assertArrayEquals(new int[] {1, 0, 3}, best[1].items());
      assertArrayEquals(new float[] {0.5f, -1, -1.5f}, best[1].scores());
      assertArrayEquals(new float[] {4.5f, -3}, scorer.score(new int[] {0, 1}, new int[] {1, 2}));
      // Cosines with item 0: 1/sqrt 2, 1/sqrt 2, 1/sqrt 10.
      TopItems similar = scorer.similarItems(0, 5);
      assertArrayEquals(new int[] {1, 2, 3}, similar.items());
      assertArrayEquals(new float[] {0.707107f, 0.707107f, 0.316228f}, similar.scores(), 1e-6f);
    }
  }

  @Test
  void equalScoresComeByItem() {
    Weights weights = Weights.zeros(Mf.Head.BIASES, 1, 3000, 4, Arena.ofAuto());
    FloatTable bias = java.util.Objects.requireNonNull(weights.itemBias());
    for (int item = 0; item < 3000; item++) {
      bias.set(item, 0, item % 3);
    }
    try (Scorer scorer = open(model(Mf.biased(4), weights))) {
      TopItems best = scorer.topItems(new int[] {0}, 1500, user -> new int[] {2, 8})[0];
      int[] expected =
          IntStream.concat(
                  IntStream.range(0, 3000).filter(i -> i % 3 == 2 && i != 2 && i != 8),
                  IntStream.range(0, 3000).filter(i -> i % 3 == 1))
              .limit(1500)
              .toArray();
      assertArrayEquals(expected, best.items());
      // Rows of zeros have no direction: cosine 0 with everything, by index.
      assertArrayEquals(new int[] {0, 1, 3}, scorer.similarItems(2, 3).items());
      assertArrayEquals(new float[] {0, 0, 0}, scorer.similarItems(2, 3).scores());
    }
  }

  /** A score that overflows is one like others: what is left out is told apart from it. */
  @ParameterizedTest
  @ValueSource(ints = {4, 3000})
  void infiniteScoresAreScores(int items) {
    Weights weights = Weights.zeros(Mf.Head.BIASES, 1, items, 1, Arena.ofAuto());
    weights.userFactors().set(0, 0, 1e20f);
    float[] factors = {-1e20f, 1, 1e20f, -1};
    for (int item = 0; item < items; item++) {
      weights.itemFactors().set(item, 0, factors[item % 4]);
    }
    int[] bestFirst =
        IntStream.of(2, 1, 3, 0)
            .flatMap(first -> IntStream.range(0, items / 4).map(at -> 4 * at + first))
            .toArray();
    float[] scoreOf = {Float.NEGATIVE_INFINITY, 1e20f, Float.POSITIVE_INFINITY, -1e20f};
    try (Scorer scorer = open(model(Mf.biased(1), weights))) {
      for (int[] excluded : new int[][] {{}, {0}, {1, 2}}) {
        int[] left =
            IntStream.of(bestFirst).filter(i -> Arrays.binarySearch(excluded, i) < 0).toArray();
        for (int count : new int[] {2, 4, 1000, items}) {
          TopItems best = scorer.topItems(new int[] {0}, count, user -> excluded)[0];
          int[] expected = Arrays.copyOf(left, Math.min(count, left.length));
          assertArrayEquals(expected, best.items());
          for (int at = 0; at < expected.length; at++) {
            assertEquals(scoreOf[expected[at] % 4], best.scores()[at]);
          }
        }
      }
    }
  }

  @Test
  void similarItemsAreThoseOfTheHighestCosine() {
    MfModel model = model(Mf.basic(33), 2, 700);
    FloatTable factors = model.weights().itemFactors();
    try (Scorer scorer = open(model)) {
      TopItems similar = scorer.similarItems(5, 700);
      assertEquals(699, similar.items().length);
      for (int at = 0; at < 699; at++) {
        assertEquals(cosine(factors, 5, similar.items()[at]), similar.scores()[at], 1e-6);
        assertTrue(at == 0 || similar.scores()[at] <= similar.scores()[at - 1]);
      }
    }
  }

  /** Floats that are squared are 0 below 1e-23 and infinite above 1.8e19. */
  @Test
  void cosinesDoNotDependOnLengths() {
    int items = 40;
    Mf spec = Mf.basic(33);
    Weights weights = Weights.zeros(spec.head(), 2, items, spec.factors(), Arena.ofAuto());
    FloatTable factors = weights.itemFactors();
    fill(factors, 1);
    float[] lengths = {1, 1e-25f, 1e20f, 1e-18f, 1e14f};
    for (int item = 0; item < items; item++) {
      for (int factor = 0; factor < 33; factor++) {
        float length = item == 7 ? 0 : lengths[item % lengths.length];
        factors.set(item, factor, length * factors.get(item, factor));
      }
    }
    try (Scorer scorer = open(model(spec, weights))) {
      for (int item = 0; item < 10; item++) {
        TopItems similar = scorer.similarItems(item, items);
        for (int at = 0; at < items - 1; at++) {
          assertEquals(
              cosine(factors, item, similar.items()[at]), similar.scores()[at], 1e-6, "" + item);
        }
      }
    }
  }

  private static double cosine(FloatTable factors, int item, int other) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int factor = 0; factor < factors.columns(); factor++) {
      double x = factors.get(item, factor);
      double y = factors.get(other, factor);
      dot += x * y;
      a += x * x;
      b += y * y;
    }
    return a == 0 || b == 0 ? 0 : dot / Math.sqrt(a) / Math.sqrt(b);
  }

  @Test
  void scoresPairs() {
    MfModel model = model(Mf.tuned(31), 50, 60);
    int[] users = IntStream.range(0, 1000).map(at -> at * 7 % 50).toArray();
    int[] items = IntStream.range(0, 1000).map(at -> at * 11 % 60).toArray();
    try (Scorer scorer = open(model)) {
      float[] scores = scorer.score(users, items);
      for (int at = 0; at < 1000; at++) {
        assertEquals(expected(model, users[at], items[at]), scores[at], TOLERANCE);
      }
    }
  }

  @Test
  void anAnswerDoesNotDependOnTheCompany() {
    MfModel model = model(Mf.biased(40), 300, 2000);
    int[] all = IntStream.range(0, 300).toArray();
    try (Scorer scorer = open(model)) {
      TopItems[] together = scorer.topItems(all, 20, Exclusions.NONE);
      for (int user = 0; user < 300; user += 37) {
        TopItems alone = scorer.topItems(new int[] {user}, 20, Exclusions.NONE)[0];
        assertArrayEquals(alone.items(), together[user].items());
        assertArrayEquals(alone.scores(), together[user].scores());
        float[] scores =
            scorer.score(new int[] {user, user}, new int[] {alone.items()[0], alone.items()[19]});
        assertArrayEquals(new float[] {alone.scores()[0], alone.scores()[19]}, scores);
      }
    }
  }

  @Test
  void manyThreadsMayAsk() throws Exception {
    MfModel model = model(Mf.biased(24), 64, 900);
    int[] all = IntStream.range(0, 64).toArray();
    try (Scorer scorer = open(model);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      TopItems[] expected = scorer.topItems(all, 10, Exclusions.NONE);
      List<Future<TopItems[]>> answers = new ArrayList<>();
      for (int at = 0; at < 64; at++) {
        answers.add(threads.submit(() -> scorer.topItems(all, 10, Exclusions.NONE)));
      }
      for (Future<TopItems[]> answer : answers) {
        TopItems[] actual = answer.get();
        for (int user : all) {
          assertArrayEquals(expected[user].items(), actual[user].items());
          assertArrayEquals(expected[user].scores(), actual[user].scores());
        }
      }
    }
  }

  @Test
  void refusesWhatIsNotThere() {
    try (Scorer scorer = open(model(Mf.biased(3), 4, 5))) {
      int[] user = {0};
      assertThrows(IllegalArgumentException.class, () -> scorer.topItems(user, 0, Exclusions.NONE));
      assertThrows(IllegalArgumentException.class, () -> scorer.similarItems(0, 0));
      assertThrows(IllegalArgumentException.class, () -> scorer.score(user, new int[2]));
      for (int bad : new int[] {-1, 4, Integer.MAX_VALUE}) {
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> scorer.topItems(new int[] {bad}, 1, Exclusions.NONE));
        assertThrows(
            IndexOutOfBoundsException.class, () -> scorer.score(new int[] {bad}, new int[] {0}));
      }
      for (int bad : new int[] {-1, 5, Integer.MAX_VALUE}) {
        assertThrows(IndexOutOfBoundsException.class, () -> scorer.similarItems(bad, 1));
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> scorer.topItems(user, 1, of -> new int[] {1, bad}));
        assertThrows(
            IndexOutOfBoundsException.class, () -> scorer.score(new int[] {0}, new int[] {bad}));
      }
    }
  }

  @Test
  void refusesToWorkWhenClosed() {
    Scorer scorer = open(model(Mf.biased(3), 4, 5));
    scorer.close();
    scorer.close();
    assertThrows(
        IllegalStateException.class, () -> scorer.topItems(new int[] {0}, 1, Exclusions.NONE));
    assertThrows(IllegalStateException.class, () -> scorer.similarItems(0, 1));
    assertThrows(IllegalStateException.class, () -> scorer.score(new int[] {0}, new int[] {0}));
  }
}
