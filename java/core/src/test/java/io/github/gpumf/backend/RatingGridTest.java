package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.RatingGrid.Visits;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of ratings where each is a step. */
final class RatingGridTest {
  /** Of ratings without weights. */
  private static final long STRIDE = RatingGrid.stride(false);

  private static RatingGrid.Size size(long ratings, int users, int items, int stripes) {
    return RatingGrid.Size.of(ratings, users, items, Cut.OF_PROCESSOR.withStripes(stripes));
  }

  private static RatingGrid grid(
      Ratings ratings, RatingGrid.Size size, Visits visits, Arena arena) {
    return RatingGrid.of(ratings, size, visits, arena, Workers.CALLER);
  }

  private static Ratings skewed(int users, int items, int count, boolean weights) {
    CounterRandom random = CounterRandom.of(3, Purpose.SYNTHETIC, 0);
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(users), IdMap.dense(items), count, false, weights);
    for (int row = 0; row < count; row++) {
      float user = random.uniform(2L * row);
      float item = random.uniform(2L * row + 1);
      builder.set(row, (int) (user * user * users), (int) (item * item * item * items), row);
      if (weights) {
        builder.weight(row, row + 0.5f);
      }
    }
    return builder.build();
  }

  /** More ratings than are read at a time, and fewer; one side longer; a single stripe. */
  @ParameterizedTest
  @CsvSource({
    "300, 200, 150000, 16, true",
    "300, 200, 70000, 16, false",
    "40, 5, 20000, 16, true",
    "5, 40, 20000, 16, false",
    "3, 3, 1, 16, true",
    "900, 900, 5000, 1, false"
  })
  void visitsEveryRatingOnce(int users, int items, int count, int most, boolean weights) {
    Ratings ratings = skewed(users, items, count, weights);
    RatingGrid.Size size = size(count, users, items, most);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      Set<Integer> seen = new HashSet<>();
      for (int round = 0; round < size.rounds(); round++) {
        for (int block = 0; block < size.blocks(); block++) {
          for (long at = grid.start(round, block); at < grid.end(round, block); at++) {
            int row = (int) grid.value(at); // the value of a rating is its row
            assertTrue(seen.add(row), () -> "visited twice: " + row);
            assertEquals(ratings.user(row), grid.user(at));
            assertEquals(ratings.item(row), grid.item(at));
            assertEquals(ratings.weight(row), grid.weight(at));
          }
        }
      }
      assertEquals(count, seen.size());
      assertEquals(
          count, IntStream.range(0, size.rounds()).mapToLong(grid::ratings).sum(), "by round");
      assertEquals(users, Arrays.stream(grid.userRows()).distinct().count());
      assertEquals(items, Arrays.stream(grid.itemRows()).distinct().count());
    }
  }

  @Test
  void blocksOfARoundShareNoRow() {
    Ratings ratings = skewed(300, 200, 150_000, false);
    RatingGrid.Size size = size(ratings.size(), 300, 200, 8);
    assertEquals(new RatingGrid.Size(8, 8), size);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      for (int round = 0; round < size.rounds(); round++) {
        int[] ofUser = new int[300];
        int[] ofItem = new int[200];
        for (int block = 0; block < size.blocks(); block++) {
          int mark = block + 1;
          for (long at = grid.start(round, block); at < grid.end(round, block); at++) {
            assertTrue(ofUser[grid.user(at)] == 0 || ofUser[grid.user(at)] == mark);
            assertTrue(ofItem[grid.item(at)] == 0 || ofItem[grid.item(at)] == mark);
            ofUser[grid.user(at)] = mark;
            ofItem[grid.item(at)] = mark;
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"300, 200, 150000, 16", "2, 400, 3000, 1", "400, 2, 3000, 1"})
  void ratingsOfAGroupShareNoRow(int users, int items, int count, int most) {
    Ratings ratings = skewed(users, items, count, false);
    RatingGrid.Size size = size(count, users, items, most);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      for (int round = 0; round < size.rounds(); round++) {
        for (int block = 0; block < size.blocks(); block++) {
          long at = grid.start(round, block);
          for (byte group : grid.groups(round, block)) {
            Set<Integer> ofUsers = new HashSet<>();
            Set<Integer> ofItems = new HashSet<>();
            for (int number = 0; number < group; number++, at++) {
              assertTrue(ofUsers.add(grid.user(at)) && ofItems.add(grid.item(at)));
            }
          }
          assertEquals(grid.end(round, block), at, "groups are all of the block");
        }
      }
    }
  }

  /** Rows are dealt by their ratings: of 150,000 a stripe has its eighth, however skewed. */
  @Test
  void stripesAreAboutAsLarge() {
    Ratings ratings = skewed(3000, 2000, 150_000, false);
    RatingGrid.Size size = size(ratings.size(), 3000, 2000, 8);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      for (int round = 0; round < size.rounds(); round++) {
        long ofRound = grid.ratings(round);
        assertTrue(Math.abs(ofRound - 18_750) < 1_000, () -> "ratings of a round: " + ofRound);
      }
    }
  }

  @Test
  void usersTakeTurns() {
    // Three users of 3, 2 and 1 ratings; one block.
    int[] users = {0, 0, 0, 1, 1, 2};
    Ratings ratings =
        Ratings.of(users, new int[] {0, 1, 2, 0, 1, 2}, new float[] {0, 1, 2, 3, 4, 5}, 3, 3);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid.Size size = size(6, 3, 3, 32);
      RatingGrid grid = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      float[] values = new float[6];
      for (int at = 0; at < 6; at++) {
        values[at] = grid.value(at);
      }
      // The second user gives way with item 0, which the first has, and begins with item 1.
      assertArrayEquals(new float[] {0, 4, 5, 1, 3, 2}, values);
      assertArrayEquals(new byte[] {3, 2, 1}, grid.groups(0, 0));
      assertArrayEquals(new int[] {0, 1, 2}, grid.userRows());
    }
  }

  /** Of a block, in order; the value of a rating is its row. */
  private static int[] rows(RatingGrid grid, int round, int block) {
    long start = grid.start(round, block);
    return IntStream.range(0, (int) (grid.end(round, block) - start))
        .map(at -> (int) grid.value(start + at))
        .toArray();
  }

  private static boolean shares(RatingGrid grid, long at, int group) {
    return group > 1 && grid.item(at) == grid.item(at + 1);
  }

  /** Checks a block of {@link Visits#ITEMS_TOGETHER}; returns how many groups it has apart. */
  private static int assertItemsTogether(RatingGrid grid, int round, int block) {
    long at = grid.start(round, block);
    int apart = 0;
    int item = -1;
    for (byte group : grid.groups(round, block)) {
      Set<Integer> users = new HashSet<>();
      Set<Integer> items = new HashSet<>();
      for (int number = 0; number < group; number++) {
        users.add(grid.user(at + number));
        items.add(grid.item(at + number));
      }
      assertEquals(group, users.size(), "users are all different");
      if (shares(grid, at, group)) {
        assertTrue(group <= RatingGrid.TOGETHER);
        assertEquals(0, apart, "items come first");
        assertEquals(1, items.size());
        int number = grid.segment().get(RatingGrid.WORD, at * STRIDE + RatingGrid.ITEM);
        assertTrue(number >= item, "items ascend");
        item = number;
      } else {
        assertTrue(group > 0 && group <= RatingGrid.APART);
        assertEquals(group, items.size());
        apart++;
      }
      at += group;
    }
    assertEquals(grid.end(round, block), at, "groups are all of the block");
    return apart;
  }

  /** The ratings of an item that are in groups of their item, block by block. */
  private static int together(RatingGrid grid, int round, int block, int item) {
    long at = grid.start(round, block);
    int count = 0;
    for (byte group : grid.groups(round, block)) {
      count += shares(grid, at, group) && grid.item(at) == item ? group : 0;
      at += group;
    }
    return count;
  }

  /** Without a pair rated twice: at sizes around those of groups, and with far more blocks. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1",
    "1, 100, 100, 1",
    "100, 1, 100, 1",
    "7, 1, 7, 1",
    "8, 1, 8, 1",
    "9, 1, 9, 1",
    "16, 2, 31, 1",
    "17, 13, 101, 1",
    "300, 200, 15000, 8",
    "300, 200, 20000, 64",
    "40, 700, 9973, 16"
  })
  void itemsGoTogether(int users, int items, int count, int stripes) {
    // A stride that has no divisor with the number of pairs visits each once.
    int stride = 7919;
    int[] ofUser = new int[count];
    int[] ofItem = new int[count];
    float[] values = new float[count];
    for (int row = 0; row < count; row++) {
      int pair = (int) ((long) row * stride % ((long) users * items));
      ofUser[row] = pair % users;
      ofItem[row] = pair / users;
      values[row] = row;
    }
    Ratings ratings = Ratings.of(ofUser, ofItem, values, users, items);
    Cut cut = new Cut(stripes, 1, Visits.ITEMS_TOGETHER);
    RatingGrid.Size size = RatingGrid.Size.of(count, users, items, cut);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.ITEMS_TOGETHER, arena);
      Set<Integer> seen = new HashSet<>();
      for (int round = 0; round < size.rounds(); round++) {
        for (int block = 0; block < size.blocks(); block++) {
          assertItemsTogether(grid, round, block);
          int[] rows = rows(grid, round, block);
          int[] ofItems = new int[items];
          for (int row : rows) {
            assertTrue(seen.add(row), () -> "visited twice: " + row);
            ofItems[ofItem[row]]++;
          }
          for (int item = 0; item < items; item++) {
            int all = ofItems[item];
            int alone = all % RatingGrid.TOGETHER == 1 ? 1 : 0;
            int expected = all < RatingGrid.APART ? 0 : all - alone;
            assertEquals(expected, together(grid, round, block, item));
          }
        }
      }
      assertEquals(count, seen.size());
    }
  }

  @Test
  void itemsGoTogetherByNumberAndTheRestApart() {
    // One block. Item 0 has nine ratings, and so have items 1 and 2 by the same users.
    int[] users = IntStream.range(0, 27).map(row -> row % 9).toArray();
    int[] items = IntStream.range(0, 27).map(row -> row / 9).toArray();
    float[] values = new float[27];
    for (int row = 0; row < 27; row++) {
      values[row] = row;
    }
    Ratings ratings = Ratings.of(users, items, values, 9, 3);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size(27, 9, 3, 1), Visits.ITEMS_TOGETHER, arena);
      // The last user has one rating of each item left, and they cannot go together.
      assertArrayEquals(new byte[] {8, 8, 8, 1, 1, 1}, grid.groups(0, 0));
      int[] expected = IntStream.range(0, 27).filter(row -> row % 9 < 8).toArray();
      assertArrayEquals(expected, Arrays.copyOf(rows(grid, 0, 0), 24));
    }
  }

  @Test
  void aPairThatIsRatedTwiceIsInTwoGroups() {
    // Item 0: the second and the third of three eights have a user twice.
    int[] users = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 0, 7, 6, 5, 4, 3, 2, 1, 0};
    float[] values = new float[24];
    for (int row = 0; row < 24; row++) {
      values[row] = row;
    }
    Ratings ratings = Ratings.of(users, new int[24], values, 8, 1);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size(24, 8, 1, 1), Visits.ITEMS_TOGETHER, arena);
      assertEquals(1, assertItemsTogether(grid, 0, 0));
      assertArrayEquals(new byte[] {8, 8, 7, 1}, grid.groups(0, 0));
      int[] expected = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 15, 17, 18, 19, 20, 21, 22, 23
      };
      assertArrayEquals(expected, rows(grid, 0, 0));
    }
  }

  @Test
  void aPairAlwaysRatedAgainIsAGroupEachTime() {
    Ratings ratings = Ratings.of(new int[100], new int[100], new float[100], 1, 1);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size(100, 1, 1, 1), Visits.ITEMS_TOGETHER, arena);
      byte[] ones = new byte[100];
      Arrays.fill(ones, (byte) 1);
      assertArrayEquals(ones, grid.groups(0, 0));
    }
  }

  /**
   * A block has no fewer groups apart than the row with most of their ratings has, nor than a
   * quarter of the ratings. The order comes within 2 % of that.
   */
  @Test
  void groupsApartAreFullWhereTheyCanBe() {
    Ratings ratings = skewed(3000, 2000, 100_000, false);
    Cut cut = new Cut(64, 1, Visits.ITEMS_TOGETHER);
    RatingGrid.Size size = RatingGrid.Size.of(ratings.size(), 3000, 2000, cut);
    long groups = 0;
    long fewest = 0;
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.ITEMS_TOGETHER, arena);
      for (int round = 0; round < size.rounds(); round++) {
        for (int block = 0; block < size.blocks(); block++) {
          int apart = assertItemsTogether(grid, round, block);
          Map<Integer, Integer> counts = new HashMap<>();
          long at = grid.start(round, block);
          int left = 0;
          for (byte group : grid.groups(round, block)) {
            for (int place = 0; place < group && !shares(grid, at, group); place++) {
              counts.merge(grid.user(at + place), 1, Integer::sum);
              counts.merge(-1 - grid.item(at + place), 1, Integer::sum);
              left++;
            }
            at += group;
          }
          groups += apart;
          int most = counts.values().stream().mapToInt(each -> each).max().orElse(0);
          fewest += Math.max(most, Math.ceilDiv(left, RatingGrid.APART));
        }
      }
    }
    assertTrue(groups <= 1.02 * fewest, groups + " groups, at least " + fewest);
  }

  @Test
  void rowsDoNotComeBackInTheNextTwoGroupsApart() {
    // Users 0 to 3 have two ratings each, which come first by item, and users 4 to 11 one.
    int[] users = {0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    int[] items = IntStream.range(0, 16).toArray();
    Ratings ratings = Ratings.of(users, items, new float[16], 12, 16);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size(16, 12, 16, 1), Visits.ITEMS_TOGETHER, arena);
      assertArrayEquals(new byte[] {4, 4, 4, 4}, grid.groups(0, 0));
      for (int at = 0; at < 4; at++) {
        assertTrue(grid.user(at) < 4 && grid.user(12 + at) < 4);
        assertTrue(grid.user(4 + at) > 3 && grid.user(8 + at) > 3);
      }
    }
  }

  @Test
  void aCutHasAStripeAndARating() {
    assertThrows(IllegalArgumentException.class, () -> new Cut(0, 1, Visits.ITEMS_TOGETHER));
    assertThrows(IllegalArgumentException.class, () -> new Cut(1, 0, Visits.ITEMS_TOGETHER));
  }

  /** Ratings of one span and of several, all as large or not; of each the last may be first. */
  @ParameterizedTest
  @CsvSource({"1, true", "70000, true", "262145, false", "600001, true"})
  void workersDoNotMatter(int count, boolean weights) {
    Ratings ratings = skewed(300, 200, count, weights);
    RatingGrid.Size size = size(count, 300, 200, 8);
    Workers backwards =
        (tasks, task) -> IntStream.range(0, tasks).map(at -> tasks - 1 - at).forEach(task);
    Workers parallel = (tasks, task) -> IntStream.range(0, tasks).parallel().forEach(task);
    for (Visits visits : Visits.values()) {
      for (Workers workers : List.of(backwards, parallel)) {
        try (Arena arena = Arena.ofShared()) {
          RatingGrid one = grid(ratings, size, visits, arena);
          RatingGrid other = RatingGrid.of(ratings, size, visits, arena, workers);
          assertEquals(-1, one.segment().mismatch(other.segment()), visits::toString);
        }
      }
    }
  }
}
