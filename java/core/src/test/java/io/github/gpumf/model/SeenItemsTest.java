package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /**
   * Ratings are read in pieces of 4,096, and spans have 65,536 at least. The last users and items
   * have none, and the first user has a tenth. A bucket is one of a rating or two, so that users
   * are alone, one that the first user does not fit, or one for all.
   */
  @ParameterizedTest
  @CsvSource({
    "0, 9",
    "1, 9",
    "3000, 9",
    "4095, 1",
    "4096, 100",
    "4097, 1000000",
    "150000, 2",
    "150000, 5000",
    "150000, 1000000"
  })
  void areThoseOfASet(int count, int bucket) {
    long seed = 77;
    Random random = new Random(seed);
    int[] users = random.ints(count, 0, 500).map(user -> user % 10 == 0 ? 0 : user).toArray();
    int[] items = random.ints(count, 0, 700).toArray();
    List<TreeSet<Integer>> expected = new ArrayList<>();
    for (int user = 0; user < 503; user++) {
      expected.add(new TreeSet<>());
    }
    for (int row = 0; row < count; row++) {
      expected.get(users[row]).add(items[row]);
    }
    Ratings ratings = Ratings.of(users, items, new float[count], 503, 4200);
    for (int threads : new int[] {1, 2, 5}) {
      SeenItems seen = ItemsByUser.of(ratings, bucket, Workers.of(threads));
      SeenItems viewed = SeenItems.view(503, 4200, seen.offsets(), seen.items());
      for (int user = 0; user < 503; user++) {
        int[] array = expected.get(user).stream().mapToInt(Integer::intValue).toArray();
        assertArrayEquals(array, seen.of(user), "user " + user + ", seed " + seed);
        assertArrayEquals(array, viewed.of(user));
      }
    }
  }

  /** The first bit, the last and the next of a word, and of a word of words. */
  @Test
  void aSetGivesItsItemsOnceAndForgetsThem() {
    int[] items = {9999, 0, 63, 64, 4095, 4096, 63, 4097, 0, 8191, 8192, 127};
    for (int length : new int[] {0, 1, items.length}) {
      ItemSet set = new ItemSet(10_000);
      int[] some = Arrays.copyOf(items, length);
      int[] expected = Arrays.stream(some).sorted().distinct().toArray();
      for (int time = 0; time < 2; time++) {
        Arrays.stream(some).forEach(set::add);
        int[] drained = new int[length + 1];
        assertEquals(1 + expected.length, set.drainTo(drained, 1));
        assertArrayEquals(expected, Arrays.copyOfRange(drained, 1, 1 + expected.length));
      }
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
