package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdMapTest {
  @Test
  void longsAreFoundAsLongsAndAsStrings() {
    IdMap ids = IdMap.ofLongs(42, -7, Long.MAX_VALUE);
    assertEquals(3, ids.size());
    assertEquals(0, ids.indexOf(42));
    assertEquals(0, ids.indexOf("42"));
    assertEquals(1, ids.indexOf("-7"));
    assertEquals(2, ids.indexOf("9223372036854775807"));
    assertEquals("-7", ids.idOf(1));
    for (String unknown : List.of("", "042", "+42", "42 ", "43", "x", "9223372036854775808")) {
      assertEquals(IdMap.UNKNOWN, ids.indexOf(unknown), unknown);
    }
  }

  @Test
  void stringsAreFoundAsStringsAndAsLongs() {
    IdMap ids = IdMap.ofStrings(List.of("alice", "042", "42"));
    assertEquals(0, ids.indexOf("alice"));
    assertEquals(1, ids.indexOf("042"));
    assertEquals(2, ids.indexOf("42"));
    assertEquals(2, ids.indexOf(42));
    assertEquals(IdMap.UNKNOWN, ids.indexOf(""));
    assertEquals(IdMap.UNKNOWN, ids.indexOf(41));
    assertEquals(IdMap.UNKNOWN, ids.indexOf("Alice"));
    assertEquals("042", ids.idOf(1));
  }

  @Test
  void denseIdsAreTheirIndices() {
    IdMap ids = IdMap.dense(3);
    assertEquals(2, ids.indexOf(2));
    assertEquals(2, ids.indexOf("2"));
    assertEquals("2", ids.idOf(2));
    assertEquals(IdMap.UNKNOWN, ids.indexOf(3));
    assertEquals(IdMap.UNKNOWN, ids.indexOf(-1));
    assertEquals(IdMap.UNKNOWN, ids.indexOf("02"));
    assertThrows(IndexOutOfBoundsException.class, () -> ids.idOf(3));
    assertThrows(IllegalArgumentException.class, () -> IdMap.dense(-1));
  }

  @Test
  void idsMustBeDistinct() {
    Thrown.assertIllegal("id 5 occurs twice", () -> IdMap.ofLongs(1, 5, 5));
    Thrown.assertIllegal("id \"a\" occurs twice", () -> IdMap.ofStrings(List.of("a", "a")));
  }

  @Test
  void idsMustHaveCharacters() {
    Thrown.assertIllegal(
        "the id at index 1 is null; ids must have at least one character",
        () -> IdMap.ofStrings(Arrays.asList("a", null, "")));
    Thrown.assertIllegal(
        "the id at index 2 is empty; ids must have at least one character",
        () -> IdMap.ofStrings(List.of("a", " ", "")));
  }

  @Test
  void onlyTheUsualDecimalFormIsALong() {
    for (String id : List.of("0", "7", "-7", "9223372036854775807", "-9223372036854775808")) {
      assertTrue(IdMap.isLong(id), id);
    }
    for (String id :
        List.of("", "-", "00", "-0", "+1", "1.0", "1e3", " 1", "9223372036854775808", "\u0661")) {
      assertFalse(IdMap.isLong(id), id);
    }
  }

  @Test
  void translatesBetweenKinds() {
    IdMap longs = IdMap.ofLongs(2, 9, 0);
    IdMap strings = IdMap.ofStrings(List.of("x", "9", "2"));
    assertArrayEquals(new int[] {2, 1, IdMap.UNKNOWN}, longs.translateTo(strings));
    assertArrayEquals(new int[] {IdMap.UNKNOWN, 1, 0}, strings.translateTo(longs));
    assertArrayEquals(new int[] {2, IdMap.UNKNOWN, 0}, longs.translateTo(IdMap.dense(3)));
  }

  @Test
  void indexerKeepsIndicesWhenTheFirstStringComes() {
    IdIndexer indexer = new IdIndexer();
    assertEquals(0, indexer.indexOf(10));
    assertEquals(1, indexer.indexOf("-3"));
    assertEquals(0, indexer.indexOf("10".toCharArray(), 0, 2));
    assertEquals(2, indexer.indexOf("010"));
    assertEquals(1, indexer.indexOf("-3".toCharArray(), 0, 2));
    assertEquals(3, indexer.indexOf("12345678901234567890"));
    assertEquals(0, indexer.indexOf(10));
    IdMap ids = indexer.toIdMap();
    assertEquals(4, ids.size());
    assertEquals("010", ids.idOf(2));
    assertEquals(0, ids.indexOf(10));
  }
}
