package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
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
