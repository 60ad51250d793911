package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.model.FloatTable;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PaddedTableTest {
  @AutoClose private final Arena arena = Arena.ofConfined();

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void oneNumberThatIsNotFiniteIsFoundAnywhere(float bad) {
    for (PaddedTable table : tables()) {
      for (long row = 0; row < table.rows(); row++) {
        for (int column = 0; column < table.columns(); column++) {
          long address = table.row(row) + (long) column * Float.BYTES;
          float good = Lanes.get(address);
          Lanes.set(address, bad);
          assertFalse(table.isFinite(), bad + " in row " + row + ", column " + column);
          Lanes.set(address, good);
        }
      }
      assertTrue(table.isFinite());
    }
  }

  @ParameterizedTest
  @CsvSource({
    // with padding and without, all columns, the first ones and the last ones
    "64, 64, 0",
    "19, 19, 0",
    "64, 32, 0",
    "64, 32, 32",
    "19, 16, 0",
    "19, 3, 16",
    "1, 1, 0"
  })
  void columnsGoToTheirPlacesAndBackAndNowhereElse(int all, int some, int first) {
    for (int[] order : new int @Nullable [][] {null, {3, 0, 4, 1, 2}}) {
      FloatTable source = FloatTable.allocate(5, all, arena);
      for (int row = 0; row < 5; row++) {
        for (int column = 0; column < all; column++) {
          source.set(row, column, 1 + row * all + column);
        }
      }
      PaddedTable padded = PaddedTable.ofRows(5, some, arena);
      padded.copyFrom(source, order, first);
      FloatTable target = FloatTable.allocate(5, all, arena);
      padded.copyTo(target, order, first, 0, 2);
      padded.copyTo(target, order, first, 2, 5);
      for (int row = 0; row < 5; row++) {
        for (int column = 0; column < all; column++) {
          boolean isOfThem = first <= column && column < first + some;
          float expected = isOfThem ? source.get(row, column) : 0;
          assertEquals(expected, target.get(row, column), row + ", " + column);
        }
        for (int column = 0; column < some; column++) {
          float expected = source.get(order == null ? row : order[row], first + column);
          assertEquals(expected, Lanes.get(padded.row(row) + (long) column * Float.BYTES));
        }
      }
    }
  }

  /** Odd and even numbers of floats, with the largest and smallest of both signs. */
  private List<PaddedTable> tables() {
    List<PaddedTable> tables =
        List.of(
            PaddedTable.ofColumn(1, arena),
            PaddedTable.ofColumn(6, arena),
            PaddedTable.ofColumn(37, arena),
            PaddedTable.ofNumbers(7, 4, arena),
            PaddedTable.ofRows(5, 19, arena));
    float[] numbers = {Float.MAX_VALUE, -Float.MAX_VALUE, 0f, -0f, Float.MIN_VALUE, -1};
    for (PaddedTable table : tables) {
      int next = 0;
      for (long row = 0; row < table.rows(); row++) {
        for (int column = 0; column < table.columns(); column++) {
          Lanes.set(table.row(row) + (long) column * Float.BYTES, numbers[next++ % 6]);
        }
      }
    }
    return tables;
  }
}
