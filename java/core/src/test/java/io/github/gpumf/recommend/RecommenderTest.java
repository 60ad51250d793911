package io.github.gpumf.recommend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.data.Thrown;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RecommenderTest {
  private static final IdMap USERS = IdMap.ofLongs(10, 20);
  private static final IdMap ITEMS = IdMap.ofStrings(List.of("p", "q", "r", "s"));

  /** Scores by item: p 7, q 4, r 6, s 2; user 10 has seen q. Ratings are clipped to 1..5. */
  private static MfModel model(boolean keepsSeen) {
    Weights weights = Weights.zeros(Mf.Head.BIASES, 2, 4, 2, Arena.ofAuto());
    float[] scores = {7, 4, 6, 2};
    FloatTable bias = Objects.requireNonNull(weights.itemBias());
    for (int item = 0; item < 4; item++) {
      bias.set(item, 0, scores[item]);
      weights.itemFactors().set(item, item < 2 ? 0 : 1, 1);
    }
    return new MfModel(
        Mf.biased(2).withClip(true),
        weights,
        USERS,
        ITEMS,
        new RatingScale(3, 1, 5),
        keepsSeen ? SeenItems.of(seen(10, "q")) : null,
        Map.of());
  }

  private static Ratings seen(long user, String item) {
    return Ratings.builder(USERS, ITEMS, 1, false, false)
        .set(0, USERS.indexOf(user), ITEMS.indexOf(item), 5)
        .build();
  }

  @Test
  void leavesOutWhatIsSeen() {
    try (Recommender recommender = Recommender.of(model(true))) {
      assertEquals(List.of("p", "r", "s"), recommender.recommend(10, 9).itemIds());
      assertEquals(List.of("p", "r", "q", "s"), recommender.recommend(20, 9).itemIds());
      assertEquals(List.of("p", "r"), recommender.recommend("10", 2).itemIds());
      assertEquals(
          List.of("p", "r", "q", "s"), recommender.includingSeen().recommend(10, 9).itemIds());
      assertEquals(
          List.of("r", "q", "s"), recommender.withSeen(seen(20, "p")).recommend(20, 9).itemIds());
      assertEquals(
          List.of("p", "s"),
          recommender.recommend("10", 9, Set.of("r", "q", "no such item")).itemIds());
    }
  }

  @Test
  void aModelThatKeepsNothingLeavesOutNothing() {
    try (Recommender recommender = Recommender.of(model(false))) {
      assertEquals(List.of("p", "r", "q", "s"), recommender.recommend(10, 9).itemIds());
    }
  }

  @Test
  void orderIsByScoreAndRatingsAreClipped() {
    try (Recommender recommender = Recommender.of(model(true))) {
      Recommendations forUser = recommender.recommend(10, 3);
      assertEquals(
          List.of(
              new Recommendation("p", 5), new Recommendation("r", 5), new Recommendation("s", 2)),
          forUser.items());
      assertEquals("p", forUser.best().orElseThrow().itemId());
      assertEquals(3, forUser.size());
    }
  }

  @Test
  void unknownIdsGetAnEmptyAnswer() {
    try (Recommender recommender = Recommender.of(model(true))) {
      assertTrue(recommender.recommend(30, 5).isEmpty());
      assertTrue(recommender.recommend("010", 5).isEmpty());
      assertTrue(recommender.recommend("", 5).isEmpty());
      assertTrue(recommender.recommend("30", 5, Set.of("p")).isEmpty());
      assertTrue(recommender.similarItems("x", 5).isEmpty());
      assertTrue(recommender.recommend(30, 5).best().isEmpty());
    }
  }

  @Test
  void manyUsersGetTheSameAnswersAsOne() {
    try (Recommender recommender = Recommender.of(model(true))) {
      List<Recommendations> all = recommender.recommendAll(List.of("20", "x", "10", "20"), 2);
      assertEquals(4, all.size());
      assertEquals(recommender.recommend(20, 2), all.get(0));
      assertEquals(Recommendations.NONE, all.get(1));
      assertEquals(recommender.recommend(10, 2), all.get(2));
      assertEquals(all.get(0), all.get(3));
      assertEquals(List.of(), recommender.recommendAll(List.of(), 2));
    }
  }

  @Test
  void similarItemsComeWithCosines() {
    try (Recommender recommender = Recommender.of(model(true), "scalar")) {
      assertEquals(
          List.of(
              new Recommendation("q", 1), new Recommendation("r", 0), new Recommendation("s", 0)),
          recommender.similarItems("p", 9).items());
    }
  }

  @Test
  void nothingIsSimilarToAnItemWithoutTrainingRatings() {
    Ratings training =
        Ratings.builder(USERS, ITEMS, 3, false, false)
            .set(0, 0, 0, 5)
            .set(1, 0, 1, 1)
            .set(2, 1, 2, 3)
            .build(); // none of item s
    MfModel model = GpuMf.train(training, Mf.basic(2)).model();
    try (Recommender recommender = Recommender.of(model, "scalar")) {
      assertEquals(List.of(), recommender.similarItems("s", 9).items());
      assertEquals(3, recommender.similarItems("p", 9).size());
    }
  }

  @Test
  void longsAreIdsToo() {
    MfModel named = model(true);
    MfModel model =
        new MfModel(
            named.spec(),
            named.weights(),
            USERS,
            IdMap.ofLongs(100, 101, 102, 103),
            named.scale(),
            named.seenItems(),
            Map.of());
    try (Recommender recommender = Recommender.of(model)) {
      assertEquals(List.of("100", "103"), recommender.recommend(10, 9, 102, 99).itemIds());
      assertEquals(
          recommender.recommend("10", 9, List.of("102")), recommender.recommend(10, 9, 102));
      assertEquals(
          recommender.recommendAll(List.of("20", "7", "10"), 2),
          recommender.recommendAll(new long[] {20, 7, 10}, 2));
      assertEquals(recommender.similarItems("100", 2), recommender.similarItems(100, 2));
      assertTrue(recommender.similarItems(99, 2).isEmpty());
      assertEquals(List.of("100", "101"), recommender.rank(10, 101, 100).itemIds());
    }
  }

  @Test
  void ranksWhatItIsGiven() {
    try (Recommender recommender = Recommender.of(model(true))) {
      assertEquals(
          List.of(
              new Recommendation("p", 5), new Recommendation("q", 4), new Recommendation("s", 2)),
          recommender.rank("10", List.of("s", "q", "no such item", "p", "s")).items(),
          "q is seen, but asked for");
      assertTrue(recommender.rank("30", List.of("p")).isEmpty());
      assertTrue(recommender.rank("10", List.of()).isEmpty());
      assertTrue(recommender.rank("10", List.of("x")).isEmpty());
    }
    MfModel model =
        GpuMf.train(SyntheticRatings.movieLensLike().withSize(60, 40, 500).generate(), Mf.tuned(8))
            .model();
    try (Recommender recommender = Recommender.of(model)) {
      Recommendations best = recommender.includingSeen().recommend("1", 40);
      assertEquals(best.itemIds(), recommender.rank("1", best.itemIds().reversed()).itemIds());
    }
  }

  @Test
  @SuppressWarnings("NullAway")
  void nullsAreNamed() {
    try (Recommender recommender = Recommender.of(model(true))) {
      List<String> ids = Arrays.asList("10", null);
      assertNamed("user", () -> recommender.recommend((String) null, 3));
      assertNamed("item", () -> recommender.similarItems((String) null, 3));
      assertNamed("users", () -> recommender.recommendAll((List<String>) null, 3));
      assertNamed("users[1]", () -> recommender.recommendAll(ids, 3));
      assertNamed("without[1]", () -> recommender.recommend("10", 3, ids));
      assertNamed("items[1]", () -> recommender.rank("10", ids));
      assertNamed("ratings", () -> recommender.withSeen(null));
    }
    assertNamed("model", () -> Recommender.of(null));
    assertNamed("backend", () -> Recommender.of(model(true), null));
    assertNamed("user", () -> model(true).predict(null, "p"));
  }

  private static void assertNamed(String name, Executable action) {
    assertEquals(name, Thrown.message(NullPointerException.class, action));
  }

  @Test
  void saysWhatItRunsOn() {
    try (Recommender named = Recommender.of(model(true), "scalar");
        Recommender chosen = Recommender.of(model(true))) {
      assertEquals("scalar: asked for by name, plain Java, 1 thread", named.backend());
      assertEquals(named.backend(), named.includingSeen().backend());
      assertTrue(chosen.backend().contains(": chosen, "), chosen.backend());
    }
  }

  @Test
  void refusesBadCountsAndBackends() {
    try (Recommender recommender = Recommender.of(model(true))) {
      assertThrows(IllegalArgumentException.class, () -> recommender.recommend(10, 0));
      assertThrows(IllegalArgumentException.class, () -> recommender.recommend(30, -1));
      assertThrows(IllegalArgumentException.class, () -> recommender.similarItems("x", 0));
      assertThrows(IllegalArgumentException.class, () -> recommender.recommendAll(List.of(), 0));
    }
    assertThrows(BackendUnavailableException.class, () -> Recommender.of(model(true), "abacus"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void aClosedOneSaysThatItIsClosed(String backend) {
    Recommender closed = Recommender.of(model(true), backend);
    Recommender madeOfIt = closed.includingSeen();
    madeOfIt.close();
    closed.close();
    assertClosed(() -> closed.recommend(10, 1));
    assertClosed(() -> closed.recommend("10", 1, Set.of("p")));
    assertClosed(() -> closed.recommend("no such user", 1));
    assertClosed(() -> closed.recommendAll(List.of("10"), 1));
    assertClosed(() -> closed.similarItems("p", 1));
    assertClosed(() -> closed.rank("10", List.of("p")));
    assertClosed(() -> madeOfIt.recommend(10, 1));
    assertClosed(() -> closed.withSeen(seen(20, "p")).recommend(10, 1));
  }

  private static void assertClosed(Executable question) {
    assertEquals(
        "the recommender is closed; make another one with Recommender.of",
        Thrown.message(IllegalStateException.class, question));
  }
}
