package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.SparseArena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Padded tables beyond 2^31 and 2^32 floats. */
final class LargePaddedTableTest {
  private static final int COLUMNS = 64;
  private static final long ROWS = (1L << 26) + 5;

  /** Rows at whose offsets bytes, then floats, pass 2^31 and 2^32. */
  private static final long[] FAR = {1 << 23, 1 << 24, 1 << 25, 1 << 26, ROWS - 1};

  @TempDir private Path directory;

  /** A number to know a row by. */
  private static float mark(long row) {
    return (int) (row % 1000) + 1;
  }

  @Test
  void rowsHaveAddressesOfTheirOwn() {
    try (SparseArena arena = new SparseArena(directory)) {
      PaddedTable table = PaddedTable.ofRows(ROWS, COLUMNS, arena);
      int lastColumn = (COLUMNS - 1) * Float.BYTES;
      for (long row : FAR) {
        assertEquals(row * COLUMNS * Float.BYTES, table.row(row) - table.row(0));
        Lanes.set(table.row(row), mark(row));
        Lanes.set(table.row(row) + lastColumn, 2);
      }
      for (long row : FAR) {
        float first = mark(row);
        assertEquals(first, Lanes.get(table.row(row)));
        assertEquals(first * first + 4, Rows.dot(table.row(row), table.row(row), table.rowBytes()));
        Rows.addScaled(table.row(row), 0.5f, table.row(row), table.rowBytes());
        assertEquals(3, Lanes.get(table.row(row) + lastColumn));
      }
      for (long row = 0; row < 5; row++) {
        assertEquals(0, Rows.dot(table.row(row), table.row(row), table.rowBytes()));
      }
    }
  }

  @Test
  void rowsAreCopiedFromAndToTheEnd() {
    try (SparseArena arena = new SparseArena(directory)) {
      FloatTable source = FloatTable.allocate(ROWS, COLUMNS, arena);
      PaddedTable target = PaddedTable.ofRows(ROWS, COLUMNS, arena);
      for (long row : FAR) {
        source.set(row, 0, mark(row));
        source.set(row, COLUMNS - 1, 2);
        long other = ROWS - row; // Near to far, and far to near.
        target.copyRow(other, source, row);
        assertEquals(mark(row), Lanes.get(target.row(other)));
        assertEquals(2, Lanes.get(target.row(other) + (COLUMNS - 1) * Float.BYTES));
        target.copyRow(row, source, row);
        assertEquals(mark(row), Lanes.get(target.row(row)));
      }
      assertEquals(0, Lanes.get(target.row(0)));
    }
  }

  @Test
  void columnsAreAsLong() {
    long rows = (1L << 32) + 7;
    try (SparseArena arena = new SparseArena(directory)) {
      PaddedTable table = PaddedTable.ofColumn(rows, arena);
      assertEquals(rows, table.rows());
      Lanes.set(table.row(1L << 31), 1);
      Lanes.set(table.row(rows - 1), 2);
      // The last vector of a column reaches into its padding.
      Lanes.store(Lanes.load(table.row(rows - 1)).add(1), table.row(rows - 1));
      assertEquals(1, Lanes.get(table.row(1L << 31)));
      assertEquals(3, Lanes.get(table.row(rows - 1)));
      assertEquals(0, Lanes.get(table.row(6)));
    }
  }
}
