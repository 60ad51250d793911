package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatingsTest {
  private static Ratings full() {
    return Ratings.builder(
            IdMap.ofStrings(List.of("ann", "bob")), IdMap.ofLongs(10, 20, 30), 3, true, true)
        .set(0, 0, 2, 4f)
        .timestamp(0, 100)
        .set(1, 1, 0, 2f)
        .timestamp(1, -5)
        .weight(1, 0.5f)
        .set(2, 1, 1, 3f)
        .timestamp(2, Long.MAX_VALUE)
        .build();
  }

  @Test
  void keepsWhatWasSet() {
    Ratings ratings = full();
    assertEquals(3, ratings.size());
    assertEquals(2, ratings.userCount());
    assertEquals(3, ratings.itemCount());
    assertEquals(1, ratings.user(2));
    assertEquals(1, ratings.item(2));
    assertEquals(2f, ratings.value(1));
    assertEquals(-5, ratings.timestamp(1));
    assertEquals(1f, ratings.weight(0));
    assertEquals(0.5f, ratings.weight(1));
    assertEquals(2f, ratings.minValue());
    assertEquals(4f, ratings.maxValue());
    assertEquals(3, ratings.meanValue());
    assertEquals(29.0 / 3, ratings.meanSquare(), 1e-15);
    assertTrue(ratings.userColumn().isReadOnly());
    assertEquals(2, ratings.itemColumn().getAtIndex(ValueLayout.JAVA_INT, 0));
    assertEquals("3 ratings of 3 items by 2 users", ratings.toString());
  }

  /** Values are read in pieces of 4,096. */
  @ParameterizedTest
  @ValueSource(ints = {4095, 4096, 4097, 10_000})
  void statisticsAreOfAllValues(int count) {
    float[] values = new float[count];
    for (int row = 0; row < count; row++) {
      values[row] = row + 1;
    }
    Ratings ratings = Ratings.of(new int[count], new int[count], values, 1, 1);
    assertEquals(1f, ratings.minValue());
    assertEquals(count, ratings.maxValue());
    assertEquals((count + 1) / 2.0, ratings.meanValue());
    // Sums of whole numbers below 2^53 are exact.
    assertEquals((count + 1.0) * (2.0 * count + 1) / 6, ratings.meanSquare(), 1e-6);
  }

  @Test
  void columnsThatAreNotThereSaySo() {
    Ratings ratings = Ratings.of(new int[] {0}, new int[] {0}, new float[] {1}, 1, 1);
    assertFalse(ratings.hasTimestamps());
    assertFalse(ratings.hasWeights());
    assertNull(ratings.weightColumn());
    assertEquals(1f, ratings.weight(0));
    assertThrows(IllegalStateException.class, () -> ratings.timestamp(0));
    Ratings.Builder builder = ratings.builderLike(1);
    assertThrows(IllegalStateException.class, () -> builder.timestamp(0, 1));
    assertThrows(IllegalStateException.class, () -> builder.weight(0, 1));
  }

  @Test
  void noRatingsAreRatingsToo() {
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 2, 2);
    assertEquals(0, none.size());
    assertEquals(0, none.meanValue());
    assertEquals(0, none.meanSquare());
  }

  @Test
  void badRowsAreNamed() {
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(2), IdMap.dense(3), 4, false, true).set(0, 0, 0, 1);
    Thrown.assertIllegal("row 1: user 2 is not in 0..1", () -> builder.set(1, 2, 0, 1));
    Thrown.assertIllegal("row 2: item -1 is not in 0..2", () -> builder.set(2, 0, -1, 1));
    Thrown.assertIllegal("row 3: rating NaN is not finite", () -> builder.set(3, 0, 0, Float.NaN));
    Thrown.assertIllegal(
        "row 3: rating -Infinity is not finite",
        () -> builder.set(3, 0, 0, Float.NEGATIVE_INFINITY));
    Thrown.assertIllegal(
        "row 0: weight 0.0 is not positive and finite", () -> builder.weight(0, 0));
    Thrown.assertIllegal("row 0: weight NaN", () -> builder.weight(0, Float.NaN));
    Thrown.assertIllegal(
        "1 users, 2 items and 1 values",
        () -> Ratings.of(new int[1], new int[2], new float[1], 1, 1));
  }

  @Test
  void rowsThatAreNotThereAreNamed() {
    Ratings ratings = full();
    Ratings.Builder builder = ratings.builderLike(1);
    for (long bad : new long[] {-1, 3, Long.MAX_VALUE}) {
      List<Executable> reads =
          List.of(
              () -> ratings.user(bad),
              () -> ratings.item(bad),
              () -> ratings.value(bad),
              () -> ratings.timestamp(bad),
              () -> ratings.weight(bad),
              () -> ratings.select(1, row -> bad));
      for (Executable read : reads) {
        assertEquals("there is no row " + bad + " among 3 rows, which count from 0", outside(read));
      }
      List<Executable> writes =
          List.of(
              () -> builder.set(bad, 0, 0, 1),
              () -> builder.timestamp(bad, 1),
              () -> builder.weight(bad, 1));
      for (Executable write : writes) {
        assertEquals(
            "there is no row " + bad + " among 1 rows, which count from 0", outside(write));
      }
    }
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 2, 2);
    assertEquals(
        "there is no row 0 among 0 rows, which count from 0", outside(() -> none.weight(0)));
  }

  private static String outside(Executable action) {
    return Thrown.message(IndexOutOfBoundsException.class, action);
  }

  @Test
  void everyRowMustBeSet() {
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(2), IdMap.dense(2), 3, true, true)
            .set(0, 1, 1, 5)
            .set(1, 0, 1, 4)
            .timestamp(2, 7)
            .weight(2, 3);
    assertEquals(
        "1 of 3 rows are not set, the first is row 2; set every row, or start with as many as there"
            + " are",
        Thrown.message(IllegalStateException.class, builder::build));
    assertEquals(
        List.of("1 1 5.0 0 1.0", "0 1 4.0 0 1.0", "0 0 1.0 7 1.0"),
        rows(builder.set(2, 0, 0, 1).build()));
  }

  /** Rows are looked at in pieces of 4,096. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4095, 4096, 4097, 10_007})
  void rowsThatAreNotSetAreCounted(int size) {
    for (int first : new int[] {0, size / 2, size - 1}) {
      Ratings.Builder builder = Ratings.builder(IdMap.dense(1), IdMap.dense(1), size, false, false);
      int unset = 0;
      for (int row = size - 1; row >= 0; row--) {
        if (row >= first && (row - first) % 3 == 0) {
          unset++;
        } else {
          builder.set(row, 0, 0, 1);
        }
      }
      String message = Thrown.message(IllegalStateException.class, builder::build);
      assertTrue(
          message.startsWith(
              unset + " of " + size + " rows are not set, the first is row " + first + ";"),
          message);
    }
  }

  @Test
  void nothingChangesWhatIsBuilt() {
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(2), IdMap.dense(2), 1, true, true).set(0, 1, 1, 5);
    Ratings ratings = builder.build();
    List<Executable> uses =
        List.of(
            () -> builder.set(0, 0, 0, 1),
            () -> builder.timestamp(0, 9),
            () -> builder.weight(0, 2),
            builder::build);
    for (Executable use : uses) {
      assertEquals(
          "these ratings are built and immutable; start others with Ratings.builder",
          Thrown.message(IllegalStateException.class, use));
    }
    assertEquals(List.of("1 1 5.0 0 1.0"), rows(ratings));
  }

  @Test
  void selectTakesRowsInAnyOrder() {
    Ratings source = full();
    long[] rows = {2, 0, 2};
    Ratings selected = source.select(3, row -> rows[(int) row]);
    assertSame(source.users(), selected.users());
    assertEquals(
        List.of(
            "1 1 3.0 9223372036854775807 1.0",
            "0 2 4.0 100 1.0",
            "1 1 3.0 9223372036854775807 1.0"),
        rows(selected));
  }

  @Test
  void alignedToKeepsWhatTheOtherMapsKnow() {
    Ratings source = full();
    assertSame(source, source.alignedTo(source.users(), source.items()));
    Ratings aligned =
        source.alignedTo(
            IdMap.ofStrings(List.of("zoe", "bob")), IdMap.ofStrings(List.of("20", "10")));
    assertEquals(List.of("1 1 2.0 -5 0.5", "1 0 3.0 9223372036854775807 1.0"), rows(aligned));
    assertEquals(0, source.alignedTo(IdMap.dense(9), IdMap.dense(99)).size());
  }

  private static List<String> rows(Ratings ratings) {
    return java.util.stream.LongStream.range(0, ratings.size())
        .mapToObj(
            row ->
                ratings.user(row)
                    + " "
                    + ratings.item(row)
                    + " "
                    + ratings.value(row)
                    + " "
                    + ratings.timestamp(row)
                    + " "
                    + ratings.weight(row))
        .toList();
  }

  @Test
  void fingerprintSeesEveryPart() {
    String fingerprint = full().fingerprint();
    assertEquals(32, fingerprint.length());
    assertEquals(fingerprint, full().fingerprint());
    Ratings source = full();
    assertEquals(fingerprint, source.select(3, row -> row).fingerprint());
    assertNotEquals(fingerprint, source.select(3, row -> 2 - row).fingerprint());
    assertNotEquals(fingerprint, source.select(2, row -> row).fingerprint());
    for (int changed = 0; changed < 6; changed++) {
      int part = changed;
      Ratings other =
          Ratings.builder(
                  IdMap.ofStrings(List.of(part == 0 ? "eve" : "ann", "bob")),
                  IdMap.ofLongs(10, 20, 30),
                  3,
                  true,
                  true)
              .set(0, 0, part == 1 ? 1 : 2, part == 2 ? 4.5f : 4f)
              .timestamp(0, part == 3 ? 101 : 100)
              .set(1, part == 4 ? 0 : 1, 0, 2f)
              .timestamp(1, -5)
              .weight(1, part == 5 ? 0.25f : 0.5f)
              .set(2, 1, 1, 3f)
              .timestamp(2, Long.MAX_VALUE)
              .build();
      assertNotEquals(fingerprint, other.fingerprint(), "part " + part);
    }
  }

  /** A column of so many rows has a piece of 4 MiB and a short one. */
  @Test
  void fingerprintDoesNotDependOnTheThreads() {
    int rows = (1 << 20) + 3;
    float[] values = new float[rows];
    String fingerprint = longer(values).fingerprint();
    assertEquals(fingerprint, longer(values).fingerprint(Workers.of(3)));
    for (int row : new int[] {0, (1 << 20) - 1, 1 << 20, rows - 1}) {
      values[row] = 1;
      assertNotEquals(fingerprint, longer(values).fingerprint(Workers.of(2)), "row " + row);
      values[row] = 0;
    }
  }

  private static Ratings longer(float[] values) {
    return Ratings.of(new int[values.length], new int[values.length], values, 1, 1);
  }
}
