package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SeenItemsTest {
  private static MemorySegment longs(long... values) {
    MemorySegment segment = Arena.ofAuto().allocate((long) values.length * Long.BYTES);
    for (int at = 0; at < values.length; at++) {
      segment.setAtIndex(SeenItems.OFFSET, at, values[at]);
    }
    return segment;
  }

  private static MemorySegment ints(int... values) {
    MemorySegment segment = Arena.ofAuto().allocate((long) values.length * Integer.BYTES);
    for (int at = 0; at < values.length; at++) {
      segment.setAtIndex(SeenItems.ITEM, at, values[at]);
    }
    return segment;
  }

  @Test
  void itemsAreDistinctAndAscending() {
    Ratings ratings =
        Ratings.of(
            new int[] {2, 0, 2, 2, 0, 2},
            new int[] {4, 1, 0, 4, 3, 2},
            new float[] {1, 1, 1, 1, 1, 1},
            4,
            5);
    SeenItems seen = SeenItems.of(ratings);
    assertArrayEquals(new int[] {1, 3}, seen.of(0));
    assertArrayEquals(new int[0], seen.of(1));
    assertArrayEquals(new int[] {0, 2, 4}, seen.of(2));
    assertArrayEquals(new int[0], seen.of(3));
    assertEquals(5L * Long.BYTES, seen.offsets().byteSize());
    assertEquals(5L * Integer.BYTES, seen.items().byteSize());
  }

  /** Ratings are read in pieces of 4,096. The last users and items have none. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3000, 4095, 4096, 4097, 10_000})
  void areThoseOfASet(int count) {
    long seed = 77;
    Random random = new Random(seed);
    int[] users = random.ints(count, 0, 50).toArray();
    int[] items = random.ints(count, 0, 70).toArray();
    SeenItems seen = SeenItems.of(Ratings.of(users, items, new float[count], 53, 72));
    SeenItems viewed = SeenItems.view(53, 72, seen.offsets(), seen.items());
    for (int user = 0; user < 53; user++) {
      TreeSet<Integer> expected = new TreeSet<>();
      for (int row = 0; row < count; row++) {
        if (users[row] == user) {
          expected.add(items[row]);
        }
      }
      int[] array = expected.stream().mapToInt(Integer::intValue).toArray();
      assertArrayEquals(array, seen.of(user), "user " + user + ", seed " + seed);
      assertArrayEquals(array, viewed.of(user));
    }
  }

  @Test
  void answersAreTheCallersOwn() {
    SeenItems seen = SeenItems.view(1, 9, longs(0, 2), ints(3, 8));
    seen.of(0)[0] = 100;
    assertArrayEquals(new int[] {3, 8}, seen.of(0));
    assertThrows(
        IllegalArgumentException.class, () -> seen.items().setAtIndex(SeenItems.ITEM, 0, 1));
    assertThrows(
        IllegalArgumentException.class, () -> seen.offsets().setAtIndex(SeenItems.OFFSET, 0, 1));
  }

  @Test
  void refusesUsersThatAreNotThere() {
    SeenItems seen = SeenItems.view(1, 9, longs(0, 2), ints(3, 8));
    for (int bad : new int[] {-1, 1, Integer.MAX_VALUE}) {
      assertThrows(IndexOutOfBoundsException.class, () -> seen.of(bad));
    }
  }

  @Test
  void refusesMemoryThatIsNotSeenItems() {
    assertIllegal("2 users need 3 offsets, not 2", () -> view(2, longs(0, 2), ints(3, 8)));
    assertIllegal("must go from 0 to 2", () -> view(1, longs(1, 2), ints(3, 8)));
    assertIllegal("must go from 0 to 2", () -> view(1, longs(0, 1), ints(3, 8)));
    assertIllegal("of user 0 are out of order: 0..3", () -> view(2, longs(0, 3, 2), ints(3, 8)));
    assertIllegal("of user 1 are out of order: 2..1", () -> view(3, longs(0, 2, 1, 2), ints(3, 8)));
    assertIllegal(
        "seen item 3 of user 0 is not above 8 and below 9", () -> view(1, longs(0, 2), ints(8, 3)));
    assertIllegal(
        "seen item 8 of user 0 is not above 8 and below 9", () -> view(1, longs(0, 2), ints(8, 8)));
    assertIllegal("seen item 9 of user 0", () -> view(1, longs(0, 2), ints(3, 9)));
    assertIllegal("seen item -1 of user 0", () -> view(1, longs(0, 2), ints(-1, 3)));
    // Ascending within each user only.
    assertArrayEquals(new int[] {3}, SeenItems.view(2, 9, longs(0, 1, 2), ints(8, 3)).of(1));
  }

  private static void view(int users, MemorySegment offsets, MemorySegment items) {
    SeenItems.view(users, 9, offsets, items);
  }
}
