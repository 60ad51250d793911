package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Thrown;
import io.github.gpumf.model.MfModel.RatingScale;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class MfModelTest {
  private static final IdMap USERS = IdMap.ofLongs(10, 20);
  private static final IdMap ITEMS = IdMap.ofStrings(List.of("p", "7", "r"));
  private static final RatingScale SCALE = new RatingScale(3.5f, 1, 5);

  /** Scores are 10 (user + 1) + item. */
  private static Weights weights() {
    Weights weights = Weights.zeros(Mf.Head.BIASES, 2, 3, 2, Arena.ofAuto());
    for (int user = 0; user < 2; user++) {
      requireNonNull(weights.userBias()).set(user, 0, 10 * (user + 1));
    }
    for (int item = 0; item < 3; item++) {
      requireNonNull(weights.itemBias()).set(item, 0, item);
    }
    return weights;
  }

  private static MfModel model(Mf spec) {
    return new MfModel(spec, weights(), USERS, ITEMS, SCALE, null, Map.of("b", "2", "a", "1"));
  }

  @Test
  void predictsByIdAndByIndex() {
    MfModel model = model(Mf.biased(2));
    assertEquals(OptionalDouble.of(10), model.predict("10", "p"));
    assertEquals(OptionalDouble.of(21), model.predict("20", "7"));
    assertEquals(OptionalDouble.of(21), model.predict(20, 7), "an id is the same as a long");
    assertEquals(22, model.predictAt(1, 2));
  }

  @Test
  void unknownIdsGetAnEmptyAnswer() {
    for (Mf spec : List.of(Mf.biased(2), Mf.biased(2).withClip(true).withMeanOffset(true))) {
      MfModel model = model(spec);
      for (String unknown : new String[] {"30", "", "010", "p", "NaN"}) {
        assertEquals(OptionalDouble.empty(), model.predict(unknown, "p"), unknown);
      }
      for (String unknown : new String[] {"q", "", "07", "10"}) {
        assertEquals(OptionalDouble.empty(), model.predict("10", unknown), unknown);
      }
      assertEquals(OptionalDouble.empty(), model.predict(30, 7));
      assertEquals(OptionalDouble.empty(), model.predict(20, 8));
      assertEquals(OptionalDouble.empty(), model.predict(-1L, -1L));
    }
  }

  @Test
  void indicesMustExist() {
    MfModel model = model(Mf.biased(2));
    for (int bad : new int[] {-1, 3, Integer.MAX_VALUE}) {
      assertEquals(
          "there is no user at index " + bad + " among 2, which count from 0; predict takes ids",
          Thrown.message(IndexOutOfBoundsException.class, () -> model.predictAt(bad, 0)));
      assertEquals(
          "there is no item at index " + bad + " among 3, which count from 0; predict takes ids",
          Thrown.message(IndexOutOfBoundsException.class, () -> model.predictAt(0, bad)));
    }
  }

  @Test
  void offsetAndClipAreThoseOfTheSpecification() {
    assertEquals(0, model(Mf.biased(2)).offset());
    assertEquals(3.5f, model(Mf.biased(2).withMeanOffset(true)).offset());
    assertEquals(13.5f, model(Mf.biased(2).withMeanOffset(true)).predictAt(0, 0));
    MfModel clipping = model(Mf.biased(2).withMeanOffset(true).withClip(true));
    assertEquals(5, clipping.predictAt(0, 0));
    assertEquals(1, clipping.toRating(-7));
    assertEquals(4.25f, clipping.toRating(4.25f));
    assertEquals(-7, model(Mf.biased(2)).toRating(-7));
  }

  @Test
  void isImmutable() {
    MfModel model = model(Mf.biased(2));
    Weights weights = model.weights();
    for (FloatTable table :
        List.of(
            weights.userFactors(),
            weights.itemFactors(),
            requireNonNull(weights.userBias()),
            requireNonNull(weights.itemBias()))) {
      assertThrows(IllegalArgumentException.class, () -> table.set(0, 0, 1));
    }
    assertThrows(
        UnsupportedOperationException.class, () -> model.provenance().put("seed", "other"));
    Map<String, String> provenance = new TreeMap<>(Map.of("seed", "1"));
    MfModel other = new MfModel(Mf.biased(2), weights(), USERS, ITEMS, SCALE, null, provenance);
    provenance.put("seed", "2");
    assertEquals(Map.of("seed", "1"), other.provenance());
    assertEquals(List.of("a", "b"), List.copyOf(model.provenance().keySet()));
  }

  @Test
  void refusesPartsThatDoNotFit() {
    IdMap three = IdMap.dense(3);
    assertIllegal(
        "3 users and 3 items do not fit tables of 2 and 3 rows",
        () -> new MfModel(Mf.biased(2), weights(), three, ITEMS, SCALE, null, Map.of()));
    assertIllegal(
        "2 users and 2 items do not fit tables of 2 and 3 rows",
        () -> new MfModel(Mf.biased(2), weights(), USERS, USERS, SCALE, null, Map.of()));
    SeenItems ofThree =
        SeenItems.of(Ratings.of(new int[] {2}, new int[] {0}, new float[] {1}, 3, 3));
    assertIllegal(
        "seen items of 3 users do not fit 2 users",
        () -> new MfModel(Mf.biased(2), weights(), USERS, ITEMS, SCALE, ofThree, Map.of()));
    for (Mf other : List.of(Mf.biased(3), Mf.basic(2))) {
      assertIllegal("weights do not have the shape of " + other, () -> model(other));
    }
    assertTrue(model(Mf.biased(2)).toString().contains("2 users, 3 items"));
  }

  @Test
  void aScaleIsInOrderAndFinite() {
    float[][] scales = {
      {0, 1, 5}, {6, 1, 5}, {Float.NaN, 1, 5}, {3, Float.NEGATIVE_INFINITY, 5}, {3, 1, Float.NaN}
    };
    for (float[] scale : scales) {
      assertIllegal(
          "a rating scale needs finite min <= mean <= max, not " + scale[1] + ", " + scale[0],
          () -> new RatingScale(scale[0], scale[1], scale[2]));
    }
    assertEquals(2, new RatingScale(2, 2, 2).mean());
  }

  @Test
  void manyThreadsMayAsk() throws Exception {
    MfModel model = model(Mf.biased(2));
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<Boolean>> answers = new ArrayList<>();
      for (int task = 0; task < 64; task++) {
        answers.add(
            threads.submit(
                () -> {
                  boolean right = true;
                  for (int round = 0; round < 1000; round++) {
                    right &= model.predict("20", "r").orElse(-1) == 22;
                    right &= model.predict(10, 7).orElse(-1) == 11;
                    right &= model.predict("20", "x").isEmpty();
                  }
                  return right;
                }));
      }
      for (Future<Boolean> answer : answers) {
        assertTrue(answer.get());
      }
    }
  }
}
