package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches against lists that are sorted the plain way. */
final class BatchReaderTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1",
    "7, 5, 64, 1",
    "7, 5, 64, 16",
    "1000, 3, 500, 64",
    "300, 400, 1000, 256",
    "5000, 2000, 77, 4"
  })
  void hasEachRatingByUserAndByItem(int users, int items, int batchSize, int buckets) {
    Ratings ratings = ratings(users, items, 3 * batchSize - batchSize / 2);
    try (Arena arena = Arena.ofConfined();
        Team team = new Team(1)) {
      BatchReader reader =
          new BatchReader(new PackedRatings(ratings, team, arena), users, items, batchSize);
      Buckets dealt = new Buckets(buckets);
      Batch batch =
          new Batch(
              new BatchIndex(dealt, users, batchSize),
              new BatchIndex(dealt, items, batchSize),
              batchSize,
              true,
              1);
      for (long start = 0; start < ratings.size(); start += batchSize) {
        int size = (int) Math.min(batchSize, ratings.size() - start);
        reader.read(null, start, size, batch);
        assertEquals(size, batch.size);
        assertIndex(batch.users, dealt, size);
        assertIndex(batch.items, dealt, size);
        assertRatings(batch, ratings, start);
      }
    }
  }

  private static Ratings ratings(int users, int items, int size) {
    Random random = new Random(5);
    int[] user = random.ints(size, 0, users).toArray();
    int[] item = random.ints(size, 0, items).toArray();
    float[] value = new float[size];
    float[] weight = new float[size];
    for (int at = 0; at < size; at++) {
      value[at] = at; // by which a rating is known again
      weight[at] = 1 + random.nextFloat();
    }
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(users), IdMap.dense(items), size, false, true);
    for (int at = 0; at < size; at++) {
      builder.set(at, user[at], item[at], value[at]);
      builder.weight(at, weight[at]);
    }
    return builder.build();
  }

  /** Distinct rows, bucket by bucket, whose places follow each other. */
  private static void assertIndex(BatchIndex index, Buckets buckets, int size) {
    Set<Integer> rows = new HashSet<>();
    int place = 0;
    assertEquals(0, index.start(0));
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      for (int number = index.start(bucket); number < index.start(bucket + 1); number++) {
        int row = index.rows()[number];
        assertEquals(bucket, buckets.of(row));
        assertTrue(rows.add(row), "twice: " + row);
        assertEquals(place, index.first(number));
        place = index.end(number);
        assertTrue(index.first(number) < place, "a row without ratings");
      }
    }
    assertEquals(size, place);
  }

  private static void assertRatings(Batch batch, Ratings ratings, long start) {
    Set<Integer> seen = new HashSet<>();
    for (int place = 0; place < batch.size; place++) {
      int rating = (int) batch.values[place];
      assertTrue(rating >= start && rating < start + batch.size && seen.add(rating));
      assertEquals(ratings.user(rating), batch.users.rows()[batch.userOf[place]]);
      assertTrue(isWithin(batch.users, batch.userOf[place], place));
      assertEquals(ratings.item(rating), batch.itemAt[place]);
      assertEquals(ratings.weight(rating), Objects.requireNonNull(batch.weights)[place]);
    }
    List<Integer> byItem = new ArrayList<>();
    for (int place = 0; place < batch.size; place++) {
      int byUser = batch.ratingAt[place];
      byItem.add(byUser);
      assertEquals(batch.itemAt[byUser], batch.items.rows()[batch.itemOf[place]]);
      assertTrue(isWithin(batch.items, batch.itemOf[place], place));
      assertEquals(batch.userOf[byUser], batch.userAt[place]);
    }
    assertEquals(batch.size, new HashSet<>(byItem).size(), "each rating once");
    for (int place = 1; place < batch.size; place++) {
      boolean sameUser = batch.userOf[place - 1] == batch.userOf[place];
      boolean sameItem = batch.itemOf[place - 1] == batch.itemOf[place];
      assertTrue(!sameUser || batch.values[place - 1] < batch.values[place], "in their order");
      float before = batch.values[batch.ratingAt[place - 1]];
      assertTrue(!sameItem || before < batch.values[batch.ratingAt[place]], "in their order");
    }
  }

  private static boolean isWithin(BatchIndex index, int number, int place) {
    return index.first(number) <= place && place < index.end(number);
  }
}
