package io.github.gpumf.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.recommend.Recommender;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables beyond 2^31 and 2^32 floats, where a product of row and columns in 32 bits goes wrong. */
final class LargeTablesTest {
  private static final int COLUMNS = 64;

  /** 2^32 floats and a few rows: 16 GiB if all of them were written. */
  private static final int ROWS = (1 << 26) + 5;

  /** Rows at whose offsets some 32-bit product would have another sign or be another row's. */
  private static final int[] FAR = {
    (1 << 23) - 1, 1 << 23, // bytes pass 2^31
    (1 << 24) - 1, 1 << 24, // bytes pass 2^32
    (1 << 25) - 1, 1 << 25, // floats pass 2^31
    (1 << 26) - 1, 1 << 26, // floats pass 2^32
    ROWS - 1
  };

  @TempDir private Path directory;

  @Test
  void everyRowHasItsOwnPlace() {
    try (SparseArena arena = new SparseArena(directory)) {
      FloatTable table = FloatTable.allocate(ROWS, COLUMNS, arena);
      assertEquals(4L * ROWS * COLUMNS, table.segment().byteSize());
      for (int row : FAR) {
        table.set(row, 0, row % 1000 + 1);
        table.set(row, COLUMNS - 1, row % 1000 + 2);
      }
      for (int row : FAR) {
        assertEquals(row % 1000 + 1, table.get(row, 0));
        assertEquals(row % 1000 + 2, table.get(row, COLUMNS - 1));
        assertEquals(0, table.get(row, 1));
        assertEquals(
            row % 1000 + 1,
            table.segment().get(FloatTable.LAYOUT, (long) row * COLUMNS * Float.BYTES));
        // The rows that 32-bit offsets would have hit.
        assertEquals(0, table.get(row & 0xFFFF, 1));
      }
      assertEquals(0, table.get(0, 0));
      assertEquals(0, table.get(4, COLUMNS - 1));
      assertThrows(IndexOutOfBoundsException.class, () -> table.get(ROWS, 0));
      FloatTable view = FloatTable.view(ROWS, COLUMNS, table.segment()).asReadOnly();
      assertEquals((ROWS - 1) % 1000 + 2, view.get(ROWS - 1, COLUMNS - 1));
    }
  }

  @Test
  void moreRowsThanAnInt() {
    long rows = (1L << 32) + 3;
    try (SparseArena arena = new SparseArena(directory)) {
      FloatTable table = FloatTable.allocate(rows, 1, arena);
      table.set(rows - 1, 0, 7);
      table.set(1L << 31, 0, 8);
      assertEquals(7, table.get(rows - 1, 0));
      assertEquals(8, table.get(1L << 31, 0));
      assertEquals(0, table.get(2, 0));
      assertEquals(0, table.get(0, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void usersAtTheEndOfALargeTableGetTheirAnswers(String backend) {
    try (SparseArena arena = new SparseArena(directory)) {
      Weights weights =
          new Weights(
              FloatTable.allocate(ROWS, COLUMNS, arena),
              FloatTable.allocate(3, COLUMNS, Arena.ofAuto()),
              FloatTable.allocate(ROWS, 1, arena),
              FloatTable.allocate(3, 1, Arena.ofAuto()),
              null);
      // Item i looks at factor i; a far user likes item 2 most and item 0 least.
      for (int item = 0; item < 3; item++) {
        weights.itemFactors().set(item, item, 1);
      }
      for (int at = 0; at < FAR.length; at++) {
        for (int item = 0; item < 3; item++) {
          weights.userFactors().set(FAR[at], item, 10 * at + item + 1);
        }
        java.util.Objects.requireNonNull(weights.userBias()).set(FAR[at], 0, 0.5f);
      }
      MfModel model =
          new MfModel(
              Mf.biased(COLUMNS),
              weights,
              IdMap.dense(ROWS),
              IdMap.dense(3),
              new RatingScale(3, 1, 5),
              null,
              Map.of());
      try (Scorer scorer = Backends.select(backend).backend().openScorer(model);
          Recommender recommender = Recommender.of(model, backend)) {
        for (int at = 0; at < FAR.length; at++) {
          float best = 10 * at + 3.5f;
          assertEquals(best, model.predict(FAR[at], 2L).orElseThrow());
          assertArrayEquals(
              new float[] {best, best - 2},
              scorer.score(new int[] {FAR[at], FAR[at]}, new int[] {2, 0}));
          assertEquals(List.of("2", "1", "0"), recommender.recommend(FAR[at], 3).itemIds());
          assertEquals(best, recommender.recommend(FAR[at], 1).best().orElseThrow().score());
        }
        assertArrayEquals(
            new float[] {0, 0, 0},
            scorer.topItems(new int[] {0}, 3, user -> new int[0])[0].scores());
      }
    }
  }
}
