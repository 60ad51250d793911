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
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of ratings where each is a step. */
final class RatingGridTest {
  private static RatingGrid.Size size(long ratings, int users, int items, int stripes) {
    return RatingGrid.Size.of(ratings, users, items, Cut.OF_PROCESSOR.withStripes(stripes));
  }

  private static RatingGrid grid(
      Ratings ratings, RatingGrid.Size size, Visits visits, Arena arena) {
    return RatingGrid.of(ratings, size, visits, arena, RatingGrid.Workers.CALLER);
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

  @Test
  void itemsFollowOneAnother() {
    int[] users = {0, 0, 0, 1, 1, 2};
    Ratings ratings =
        Ratings.of(users, new int[] {0, 1, 2, 0, 1, 0}, new float[] {0, 1, 2, 3, 4, 5}, 3, 3);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size(6, 3, 3, 32), Visits.ITEM_BY_ITEM, arena);
      float[] values = new float[6];
      for (int at = 0; at < 6; at++) {
        values[at] = grid.value(at);
      }
      assertArrayEquals(new float[] {0, 3, 5, 1, 4, 2}, values);
      assertArrayEquals(new byte[] {1, 1, 1, 1, 1, 1}, grid.groups(0, 0));
    }
  }

  /** Far more blocks than a device's cut has ratings in each. */
  @Test
  void itemsFollowOneAnotherInEveryBlock() {
    Ratings ratings = skewed(300, 200, 70_000, true);
    RatingGrid.Size size =
        RatingGrid.Size.of(70_000, 300, 200, new Cut(64, 1, Visits.ITEM_BY_ITEM));
    assertEquals(new RatingGrid.Size(64, 64), size);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = grid(ratings, size, Visits.ITEM_BY_ITEM, arena);
      Set<Integer> seen = new HashSet<>();
      for (int round = 0; round < 64; round++) {
        for (int block = 0; block < 64; block++) {
          Set<Integer> items = new HashSet<>();
          for (long at = grid.start(round, block); at < grid.end(round, block); at++) {
            assertTrue(seen.add((int) grid.value(at)));
            boolean again = at > grid.start(round, block) && grid.item(at) == grid.item(at - 1);
            assertTrue(again || items.add(grid.item(at)), "an item comes back");
          }
        }
      }
      assertEquals(70_000, seen.size());
    }
  }

  @Test
  void aCutHasAStripeAndARating() {
    assertThrows(IllegalArgumentException.class, () -> new Cut(0, 1, Visits.ITEM_BY_ITEM));
    assertThrows(IllegalArgumentException.class, () -> new Cut(1, 0, Visits.ITEM_BY_ITEM));
  }

  @Test
  void workersDoNotMatter() {
    Ratings ratings = skewed(300, 200, 70_000, true);
    RatingGrid.Size size = size(ratings.size(), 300, 200, 8);
    try (Arena arena = Arena.ofShared()) {
      RatingGrid one = grid(ratings, size, Visits.USERS_IN_TURN, arena);
      RatingGrid many =
          RatingGrid.of(
              ratings,
              size,
              Visits.USERS_IN_TURN,
              arena,
              (count, task) -> IntStream.range(0, count).parallel().forEach(task));
      assertArrayEquals(
          one.segment().toArray(ValueLayout.JAVA_INT_UNALIGNED),
          many.segment().toArray(ValueLayout.JAVA_INT_UNALIGNED));
    }
  }
}
