package io.github.gpumf.evaluate;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EvaluatorTest {
  private static final String RANKED = "precision@2,recall@2,ndcg@2,map@2,mrr@2,hit@2";

  /** Users a, b; items p..t. The score of an item is 1 + its bias: p 4, q 3, r 2, s 1, t 0. */
  private static MfModel byPopularity(Mf spec, boolean seen) {
    Weights weights = Weights.zeros(Mf.Head.BIASES, 2, 5, 1, Arena.ofAuto());
    FloatTable bias = Objects.requireNonNull(weights.itemBias());
    for (int item = 0; item < 5; item++) {
      bias.set(item, 0, 3 - item);
      weights.itemFactors().set(item, 0, 1);
    }
    weights.userFactors().set(0, 0, 1);
    weights.userFactors().set(1, 0, 1);
    IdMap users = IdMap.ofStrings(List.of("a", "b"));
    IdMap items = IdMap.ofStrings(List.of("p", "q", "r", "s", "t"));
    Ratings training =
        Ratings.builder(users, items, 1, false, false).set(0, 0, 0, 3).build(); // a has seen p
    return new MfModel(
        spec,
        weights,
        users,
        items,
        new RatingScale(3, 1, 5),
        seen ? SeenItems.of(training) : null,
        Map.of());
  }

  /** Ratings with ids of their own, in another order than the model's. */
  private static Ratings ratings(String... rows) {
    List<String> users = List.of("x", "b", "a");
    List<String> items = List.of("u", "t", "s", "r", "q", "p");
    Ratings.Builder builder =
        Ratings.builder(IdMap.ofStrings(users), IdMap.ofStrings(items), rows.length, false, false);
    for (int row = 0; row < rows.length; row++) {
      String[] fields = rows[row].split(" ", -1);
      builder.set(
          row, users.indexOf(fields[0]), items.indexOf(fields[1]), Float.parseFloat(fields[2]));
    }
    return builder.build();
  }

  @Test
  void errorsByHand() {
    // Predictions 4 and 1, errors 1 and -1; then 0 for item t, error -2.
    Ratings heldOut = ratings("a p 3", "b s 2", "b t 2");
    EvaluationReport report =
        Evaluator.of("rmse,mae").evaluate(byPopularity(Mf.biased(1), true), heldOut);
    assertEquals(Math.sqrt(6 / 3.0), report.get("rmse"), 1e-12);
    assertEquals(4 / 3.0, report.get("mae"), 1e-12);
    assertEquals(3, report.ratings());
    assertEquals(0, report.coldRatings());
    assertEquals(0, report.rankedUsers());
  }

  @Test
  void predictionsAreClippedIfTheModelClips() {
    // t is predicted 0, clipped to 1: errors of 1 instead of 2.
    Ratings heldOut = ratings("b t 2");
    assertEquals(
        1,
        Evaluator.of("rmse")
            .evaluate(byPopularity(Mf.biased(1).withClip(true), true), heldOut)
            .get("rmse"));
  }

  @Test
  void coldRatingsArePredictedAsAServiceWould() {
    // x and u are unknown. Without an offset: the mean, 3. Errors 1, 2 and 0.
    Ratings heldOut = ratings("x p 2", "a u 5", "x u 3");
    EvaluationReport plain =
        Evaluator.of("rmse").evaluate(byPopularity(Mf.biased(1), true), heldOut);
    assertEquals(Math.sqrt(5 / 3.0), plain.get("rmse"), 1e-12);
    assertEquals(3, plain.coldRatings());
    // With one the item's bias counts: 3 + 3 = 6, clipped to 5. Errors 3, 2 and 0.
    EvaluationReport offset =
        Evaluator.of("rmse")
            .evaluate(
                byPopularity(Mf.biased(1).withMeanOffset(true).withClip(true), true), heldOut);
    assertEquals(Math.sqrt(13 / 3.0), offset.get("rmse"), 1e-12);
  }

  @Test
  void ratingsOfWhoHasNoTrainingRatingAreCold() {
    Ratings all = SyntheticRatings.movieLensLike().withSize(60, 80, 900).generate();
    Split split = Splitter.random(all, 0.3, 1); // both parts have all ids
    boolean[] users = new boolean[all.userCount()];
    boolean[] items = new boolean[all.itemCount()];
    for (long row = 0; row < split.train().size(); row++) {
      users[split.train().user(row)] = true;
      items[split.train().item(row)] = true;
    }
    long cold = 0;
    for (long row = 0; row < split.test().size(); row++) {
      cold += users[split.test().user(row)] && items[split.test().item(row)] ? 0 : 1;
    }
    assertTrue(cold > 0);
    MfModel model = GpuMf.train(split.train(), Mf.tuned(4)).model();
    EvaluationReport report = Evaluator.of("rmse").evaluate(model, split.test());
    assertEquals(cold, report.coldRatings());
  }

  @Test
  void listsByHand() {
    // a has seen p, so its list is q r; r and t are relevant, s is not (2 < 3), p is seen.
    // b's list is p q; p and the unknown u are relevant.
    Ratings heldOut = ratings("a r 4", "a t 3", "a s 2", "a p 5", "b p 5", "b u 4", "x q 5");
    EvaluationReport report =
        Evaluator.of(RANKED).evaluate(byPopularity(Mf.biased(1), true), heldOut);
    assertEquals(2, report.rankedUsers());
    assertEquals((0.5 + 0.5) / 2, report.get("precision@2"), 1e-12);
    assertEquals((0.5 + 0.5) / 2, report.get("recall@2"), 1e-12);
    assertEquals(1, report.get("hit@2"));
    assertEquals((0.5 + 1) / 2, report.get("mrr@2"), 1e-12);
    // a: precision 1/2 at rank 2, over 2; b: 1 at rank 1, over 2.
    assertEquals((0.25 + 0.5) / 2, report.get("map@2"), 1e-12);
    double third = 1 / (Math.log(3) / Math.log(2));
    assertEquals((third + 1) / (1 + third) / 2, report.get("ndcg@2"), 1e-12);
  }

  @Test
  void seenItemsMayBeGiven() {
    // Without seen items a's list is p q: r is missed.
    MfModel model = byPopularity(Mf.biased(1), false);
    Ratings heldOut = ratings("a r 4");
    Evaluator evaluator = Evaluator.of("hit@2");
    assertEquals(0, evaluator.evaluate(model, heldOut).get("hit@2"));
    assertEquals(
        1, evaluator.withSeen(ratings("a p 1", "x q 1")).evaluate(model, heldOut).get("hit@2"));
  }

  @Test
  void saysWhenItIsGivenTheTrainingRatings() {
    MfModel model = byPopularity(Mf.biased(1), true);
    assertIllegal(
        "all of these ratings are of items that their users have seen in training, and lists leave"
            + " those out; measure on ratings held out of the training,",
        () -> Evaluator.of("hit@2").evaluate(model, ratings("a p 3")));
    assertIllegal(
        "take a lower rating (--relevant-from, withRelevantFrom)",
        () -> Evaluator.of("hit@2").evaluate(model, ratings("a p 5", "b q 2")));
  }

  @Test
  void saysWhenItKnowsNoUser() {
    MfModel model = byPopularity(Mf.biased(1), true);
    IdMap strangers = IdMap.ofStrings(List.of("y", "z"));
    Ratings heldOut =
        Ratings.builder(strangers, model.items(), 1, false, false).set(0, 1, 0, 5).build();
    assertIllegal(
        "the model knows no user of these ratings",
        () -> Evaluator.of("hit@2").evaluate(model, heldOut));
  }

  @Test
  void relevanceMayBeGiven() {
    MfModel model = byPopularity(Mf.biased(1), true);
    Ratings heldOut = ratings("a q 2", "b t 5");
    assertEquals(0, Evaluator.of("hit@1").evaluate(model, heldOut).get("hit@1"));
    assertEquals(
        0.5, Evaluator.of("hit@1").withRelevantFrom(2).evaluate(model, heldOut).get("hit@1"));
    // As a double 3.3 is above the rating, which is a float.
    assertEquals(
        1,
        Evaluator.of("hit@1")
            .withRelevantFrom(3.3)
            .evaluate(model, ratings("a q 3.3"))
            .get("hit@1"));
  }

  @Test
  void nothingToMeasureIsAnError() {
    MfModel model = byPopularity(Mf.biased(1), true);
    assertThrows(
        IllegalArgumentException.class, () -> Evaluator.of("rmse").evaluate(model, ratings()));
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Evaluator.of("hit@1").evaluate(model, ratings("a p 5", "b q 1", "x q 5")));
    assertTrue(String.valueOf(refused.getMessage()).contains("3.0"), refused.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Evaluator.of(List.of()));
    EvaluationReport report = Evaluator.of("mae").evaluate(model, ratings("a q 3"));
    assertThrows(IllegalArgumentException.class, () -> report.get("rmse"));
  }

  /** A thousand users, so that several batches are scored, against sets and sorting. */
  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void agreesWithBruteForce(String backend) {
    int users = 900;
    int items = 60;
    CounterRandom random = CounterRandom.of(17, Purpose.SYNTHETIC, 0);
    Mf spec = Mf.biased(3);
    Weights weights = Weights.zeros(spec.head(), users, items, 3, Arena.ofAuto());
    long draw = 0;
    for (FloatTable table : List.of(weights.userFactors(), weights.itemFactors())) {
      for (long row = 0; row < table.rows(); row++) {
        for (int column = 0; column < 3; column++) {
          table.set(row, column, random.uniform(draw++) - 0.5f);
        }
      }
    }
    Ratings training = random(random, 100_000, users, items, 4_000);
    Ratings heldOut = random(random, 200_000, users, items, 6_000);
    MfModel model =
        new MfModel(
            spec,
            weights,
            IdMap.dense(users),
            IdMap.dense(items),
            new RatingScale(3, 1, 5),
            SeenItems.of(training),
            Map.of());
    int k = 5;
    double recall = 0;
    double hits = 0;
    int counted = 0;
    SeenItems seen = Objects.requireNonNull(model.seenItems());
    for (int user = 0; user < users; user++) {
      TreeSet<Integer> out = new TreeSet<>();
      for (int item : seen.of(user)) {
        out.add(item);
      }
      TreeSet<Integer> relevant = new TreeSet<>();
      for (long row = 0; row < heldOut.size(); row++) {
        if (heldOut.user(row) == user
            && heldOut.value(row) >= 4
            && !out.contains(heldOut.item(row))) {
          relevant.add(heldOut.item(row));
        }
      }
      if (relevant.isEmpty()) {
        continue;
      }
      counted++;
      List<Integer> list = new ArrayList<>();
      for (int item = 0; item < items; item++) {
        if (!out.contains(item)) {
          list.add(item);
        }
      }
      int current = user;
      list.sort((x, y) -> Float.compare(weights.score(current, y), weights.score(current, x)));
      long found = list.stream().limit(k).filter(relevant::contains).count();
      recall += (double) found / relevant.size();
      hits += found > 0 ? 1 : 0;
    }
    EvaluationReport report =
        Evaluator.of("recall@5,hit@5")
            .withRelevantFrom(4)
            .withBackend(backend)
            .evaluate(model, heldOut);
    assertTrue(counted > 500);
    assertEquals(counted, report.rankedUsers());
    assertEquals(recall / counted, report.get("recall@5"), 1e-12);
    assertEquals(hits / counted, report.get("hit@5"), 1e-12);
  }

  private static Ratings random(CounterRandom random, long from, int users, int items, int size) {
    int[] u = new int[size];
    int[] i = new int[size];
    float[] r = new float[size];
    for (int row = 0; row < size; row++) {
      u[row] = (int) (users * random.uniform(from + 3L * row));
      i[row] = (int) (items * random.uniform(from + 3L * row + 1));
      r[row] = 1 + (int) (5 * random.uniform(from + 3L * row + 2));
    }
    return Ratings.of(u, i, r, users, items);
  }
}
