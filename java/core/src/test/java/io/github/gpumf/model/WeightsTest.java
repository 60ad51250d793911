package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.model.Mf.Head;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class WeightsTest {
  private static FloatTable table(long rows, int columns) {
    return FloatTable.allocate(rows, columns, Arena.ofAuto());
  }

  private static Weights zeros(Head head) {
    return Weights.zeros(head, 2, 3, 4, Arena.ofAuto());
  }

  private static List<FloatTable> tables(Weights weights) {
    return Stream.<@Nullable FloatTable>of(
            weights.userFactors(),
            weights.itemFactors(),
            weights.userBias(),
            weights.itemBias(),
            weights.dense())
        .flatMap(Stream::ofNullable)
        .toList();
  }

  @Test
  void headsHaveTheirTables() {
    Weights biases = zeros(Head.BIASES);
    assertEquals(2, requireNonNull(biases.userBias()).rows());
    assertEquals(3, requireNonNull(biases.itemBias()).rows());
    assertNull(biases.dense());
    Weights dense = zeros(Head.DENSE);
    assertNull(dense.userBias());
    assertNull(dense.itemBias());
    assertEquals(2, requireNonNull(dense.dense()).columns());
    for (Weights weights : List.of(biases, dense)) {
      assertEquals(2, weights.userFactors().rows());
      assertEquals(3, weights.itemFactors().rows());
      assertEquals(4, weights.userFactors().columns());
      assertEquals(4, weights.itemFactors().columns());
    }
  }

  @Test
  void scoresAreTheFormulas() {
    Weights biases = zeros(Head.BIASES);
    Weights dense = zeros(Head.DENSE);
    float[] user = {1, 2, 3, 4};
    float[] item = {5, -6, 7, -8};
    for (int factor = 0; factor < 4; factor++) {
      for (Weights weights : List.of(biases, dense)) {
        weights.userFactors().set(1, factor, user[factor]);
        weights.itemFactors().set(2, factor, item[factor]);
      }
    }
    requireNonNull(biases.userBias()).set(1, 0, 0.5f);
    requireNonNull(biases.itemBias()).set(2, 0, 0.25f);
    requireNonNull(dense.dense()).set(0, 0, 3);
    requireNonNull(dense.dense()).set(0, 1, 100);
    // 5 - 12 + 21 - 32 = -18
    assertEquals(-17.25f, biases.score(1, 2));
    assertEquals(46, dense.score(1, 2));
    assertEquals(0.5f, biases.score(1, 0), "an item of zeros");
    assertEquals(100, dense.score(0, 0));
  }

  @Test
  void refusesTablesThatDoNotBelongTogether() {
    assertIllegal(
        "users have 4 factors and items 5; they must have as many",
        () -> new Weights(table(2, 4), table(3, 5), null, null, table(1, 2)));
    String oneHead = "weights have either biases of users and items or a Dense head";
    assertIllegal(oneHead, () -> new Weights(table(2, 4), table(3, 4), null, null, null));
    assertIllegal(oneHead, () -> new Weights(table(2, 4), table(3, 4), table(2, 1), null, null));
    assertIllegal(
        oneHead,
        () -> new Weights(table(2, 4), table(3, 4), table(2, 1), table(3, 1), table(1, 2)));
    assertIllegal(
        "user bias must be 2 x 1, not 3 x 1",
        () -> new Weights(table(2, 4), table(3, 4), table(3, 1), table(3, 1), null));
    assertIllegal(
        "item bias must be 3 x 1, not 3 x 2",
        () -> new Weights(table(2, 4), table(3, 4), table(2, 1), table(3, 2), null));
    assertIllegal(
        "Dense head must be 1 x 2, not 2 x 1",
        () -> new Weights(table(2, 4), table(3, 4), null, null, table(2, 1)));
  }

  @Test
  void everyTableIsLookedAtAndCopied() {
    for (Head head : Head.values()) {
      int count = tables(zeros(head)).size();
      assertEquals(head == Head.BIASES ? 4 : 3, count);
      for (int at = 0; at < count; at++) {
        Weights weights = zeros(head);
        Weights target = zeros(head);
        assertTrue(weights.isFinite());
        FloatTable changed = tables(weights).get(at);
        changed.set(changed.rows() - 1, changed.columns() - 1, Float.NaN);
        assertFalse(weights.isFinite());
        assertFalse(weights.copy(Arena.ofAuto()).isFinite());
        target.copyFrom(weights);
        assertFalse(target.isFinite());
        FloatTable readOnly = tables(weights.asReadOnly()).get(at);
        assertThrows(IllegalArgumentException.class, () -> readOnly.set(0, 0, 1));
      }
    }
  }

  @Test
  void copiesAreIndependent() {
    Weights weights = zeros(Head.BIASES);
    Weights copy = weights.copy(Arena.ofAuto());
    tables(weights).forEach(table -> table.set(0, 0, 1));
    tables(copy).forEach(table -> assertEquals(0, table.get(0, 0)));
  }

  @Test
  void refusesToCopyOtherShapes() {
    assertIllegal(
        "weights with biases do not fit those with a Dense head",
        () -> zeros(Head.BIASES).copyFrom(zeros(Head.DENSE)));
    assertIllegal(
        "does not fit one of",
        () -> zeros(Head.BIASES).copyFrom(Weights.zeros(Head.BIASES, 3, 3, 4, Arena.ofAuto())));
  }
}
