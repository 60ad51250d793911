package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BucketsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 500, 6_040, 8_191, 8_192, 8_193, 138_001})
  void everyRowIsInOneBucket(int rows) {
    for (long batch : new long[] {1, 300, 1_024, 8_192, 1_000_000}) {
      Buckets buckets = Buckets.forRows(batch).forUsers(rows);
      int[] seen = new int[rows];
      for (int bucket = 0; bucket < buckets.count(); bucket++) {
        long before = -1;
        for (long row = buckets.first(bucket); row < rows; row = buckets.next(row)) {
          assertEquals(bucket, buckets.of((int) row));
          assertTrue(row > before, "as they lie in memory");
          seen[(int) row]++;
          before = row;
        }
      }
      int[] once = new int[rows];
      Arrays.fill(once, 1);
      assertArrayEquals(once, seen);
    }
  }

  @Test
  void usersOfLargeTablesHaveMoreNeighbours() {
    Buckets buckets = Buckets.forRows(8_192);
    assertEquals(new Buckets(32, 16), buckets);
    assertEquals(buckets, buckets.forUsers(6_040));
    assertEquals(new Buckets(32, 256), buckets.forUsers(138_000));
    assertEquals(new Buckets(32, 256), buckets.forUsers(138_000).forUsers(138_000));
    assertEquals(new Buckets(1, 8_192), Buckets.forRows(32).forUsers(138_000));
  }

  /** Every bucket has at least 16 turns where there are more neighbours than 16. */
  @Test
  void bucketsAreAboutAsLarge() {
    for (int users : new int[] {8_192, 20_000, 138_000, 999_999}) {
      Buckets buckets = Buckets.forRows(8_192).forUsers(users);
      int[] sizes = new int[buckets.count()];
      for (int row = 0; row < users; row++) {
        sizes[buckets.of(row)]++;
      }
      int least = Arrays.stream(sizes).min().orElseThrow();
      int most = Arrays.stream(sizes).max().orElseThrow();
      assertTrue(16 * most <= 17 * least, users + ": " + least + " to " + most);
    }
  }
}
