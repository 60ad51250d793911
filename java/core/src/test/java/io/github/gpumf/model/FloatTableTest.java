package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.Thrown;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

final class FloatTableTest {
  private static FloatTable numbered(int rows, int columns) {
    FloatTable table = FloatTable.allocate(rows, columns, Arena.ofAuto());
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        table.set(row, column, 100 * row + column);
      }
    }
    return table;
  }

  @Test
  void startsWithZerosOnACacheLine() {
    FloatTable table = FloatTable.allocate(7, 5, Arena.ofAuto());
    assertEquals(7, table.rows());
    assertEquals(5, table.columns());
    assertEquals(7 * 5 * 4, table.segment().byteSize());
    assertEquals(0, table.segment().address() % 64);
    for (int row = 0; row < 7; row++) {
      for (int column = 0; column < 5; column++) {
        assertEquals(0, table.get(row, column));
      }
    }
    assertEquals(0, FloatTable.allocate(0, 3, Arena.ofAuto()).segment().byteSize());
  }

  @Test
  void isRowMajorAndLittleEndian() {
    FloatTable table = numbered(3, 4);
    assertEquals(203, table.get(2, 3));
    byte[] bytes = table.segment().asSlice((4 + 2) * 4L, 4).toArray(ValueLayout.JAVA_BYTE);
    assertEquals(
        Float.floatToIntBits(102),
        (bytes[0] & 0xff) | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | bytes[3] << 24);
  }

  @Test
  void refusesPlacesOutside() {
    FloatTable table = numbered(3, 4);
    for (int bad : new int[] {-1, 4, Integer.MAX_VALUE}) {
      // In the middle of the table, where the memory would be there.
      String message = Thrown.message(IndexOutOfBoundsException.class, () -> table.get(1, bad));
      assertEquals("column " + bad + " is not in 0..3", message);
      assertThrows(IndexOutOfBoundsException.class, () -> table.set(1, bad, 1));
    }
    for (long bad : new long[] {-1, 3, 1L << 32, 1L << 62}) {
      String message = Thrown.message(IndexOutOfBoundsException.class, () -> table.get(bad, 0));
      assertEquals("row " + bad + " is not in 0..2", message);
      assertThrows(IndexOutOfBoundsException.class, () -> table.set(bad, 0, 1));
    }
  }

  @Test
  void viewsMemoryOfTheRightSize() {
    MemorySegment memory = MemorySegment.ofArray(new byte[2 * 3 * 4]);
    FloatTable table = FloatTable.view(2, 3, memory);
    table.set(1, 2, 7);
    assertSame(memory, table.segment());
    assertEquals(7, memory.get(FloatTable.LAYOUT, 20));
    assertIllegal("a table of 2 x 4 floats takes 32 bytes, not 24", () -> view(2, 4, memory));
    assertIllegal("needs rows >= 0 and columns >= 1, not -1 x 3", () -> view(-1, 3, memory));
    assertIllegal("needs rows >= 0 and columns >= 1, not 2 x 0", () -> view(2, 0, memory));
  }

  private static void view(long rows, int columns, MemorySegment memory) {
    FloatTable.view(rows, columns, memory);
  }

  @Test
  void readOnlyViewsRefuseWritesAndShareTheMemory() {
    FloatTable table = numbered(2, 2);
    FloatTable view = table.asReadOnly();
    assertThrows(IllegalArgumentException.class, () -> view.set(0, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> view.copyFrom(table));
    table.set(0, 0, 9);
    assertEquals(9, view.get(0, 0));
  }

  @Test
  void copiesAreIndependent() {
    FloatTable table = numbered(3, 2);
    FloatTable copy = table.asReadOnly().copy(Arena.ofAuto());
    table.set(2, 1, -1);
    assertEquals(201, copy.get(2, 1));
    copy.copyFrom(table);
    assertEquals(-1, copy.get(2, 1));
    assertIllegal(
        "a table of 3 x 2 does not fit one of 2 x 3", () -> numbered(2, 3).copyFrom(table));
  }

  @Test
  void findsWhatIsNotFinite() {
    for (float fine : new float[] {-0f, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE}) {
      FloatTable table = numbered(3, 5);
      table.set(0, 0, fine);
      table.set(2, 4, fine);
      assertTrue(table.isFinite());
    }
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int at : new int[] {0, 7, 14}) {
        FloatTable table = numbered(3, 5);
        table.set(at / 5, at % 5, bad);
        assertFalse(table.isFinite(), bad + " at " + at);
      }
    }
    assertTrue(FloatTable.allocate(0, 3, Arena.ofAuto()).isFinite());
  }
}
