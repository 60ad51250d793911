package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches of epochs against lists that are sorted the plain way. */
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
    for (int threads : new int[] {1, 2, 3}) {
      for (boolean shuffle : new boolean[] {false, true}) {
        TrainingJob job = job(ratings, batchSize, shuffle, threads);
        try (Arena arena = Arena.ofConfined();
            Team team = new Team(threads)) {
          Buckets dealt = new Buckets(buckets, 16);
          EpochRatings sorted = new EpochRatings(job, dealt, team, arena);
          for (int epoch : new int[] {0, 1, 5}) {
            assertEpoch(job, epoch, dealt, sorted);
          }
        }
      }
    }
  }

  private static TrainingJob job(Ratings ratings, int batchSize, boolean shuffle, int threads) {
    Optimizer sgd = new Sgd(0.1);
    Mf spec = Mf.biased(1);
    TrainingState start = TrainingState.initial(ratings, spec, sgd, 1);
    return new TrainingJob(ratings, spec, sgd, batchSize, shuffle, 3, threads, 1e6, start);
  }

  private static void assertEpoch(TrainingJob job, int epoch, Buckets dealt, EpochRatings sorted) {
    Ratings ratings = job.ratings();
    int batchSize = job.batchSize();
    Buckets users = dealt.forUsers(ratings.userCount());
    BatchReader reader = new BatchReader(ratings.itemCount(), batchSize);
    Batch batch =
        new Batch(
            new BatchIndex(users, ratings.userCount(), batchSize),
            new BatchIndex(dealt, ratings.itemCount(), batchSize),
            batchSize,
            1);
    Permutation order = EpochOrder.of(job, epoch);
    for (long number = 0; number < job.batchesPerEpoch(); number++) {
      long start = number * batchSize;
      int size = (int) Math.min(batchSize, ratings.size() - start);
      reader.read(sorted.of(epoch), sorted.start(number), size, batch);
      assertEquals(size, batch.size);
      assertIndex(batch.users, users, size);
      assertIndex(batch.items, dealt, size);
      Set<Integer> expected =
          LongStream.range(start, start + size)
              .mapToObj(at -> (int) (job.shuffle() ? order.apply(at) : at))
              .collect(Collectors.toSet());
      assertRatings(batch, ratings, expected);
      assertTrue(goesThroughMemory(batch.users, users), "rows as they lie in memory");
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

  private static void assertRatings(Batch batch, Ratings ratings, Set<Integer> expected) {
    Set<Integer> seen = new HashSet<>();
    for (int at = 0; at < batch.size; at++) {
      int rating = rating(batch, at);
      assertTrue(expected.contains(rating) && seen.add(rating));
      assertEquals(ratings.user(rating), PackedRatings.user(batch.pairs, at));
      assertEquals(ratings.user(rating), batch.users.rows()[batch.userOf[at]]);
      assertTrue(isWithin(batch.users, batch.userOf[at], at));
      assertEquals(ratings.item(rating), PackedRatings.item(batch.pairs, at));
      assertEquals(ratings.weight(rating), Lanes.get(batch.weights + (long) at * Float.BYTES));
    }
    List<Integer> byItem = new ArrayList<>();
    for (int place = 0; place < batch.size; place++) {
      int at = (int) batch.ratingAt[place];
      byItem.add(at);
      assertEquals(PackedRatings.item(batch.pairs, at), batch.items.rows()[batch.itemOf[place]]);
      assertTrue(isWithin(batch.items, batch.itemOf[place], place));
      assertEquals(batch.userOf[at], (int) (batch.ratingAt[place] >>> Integer.SIZE));
    }
    assertEquals(batch.size, new HashSet<>(byItem).size(), "each rating once");
    for (int place = 1; place < batch.size; place++) {
      boolean sameUser = batch.userOf[place - 1] == batch.userOf[place];
      boolean sameItem = batch.itemOf[place - 1] == batch.itemOf[place];
      assertTrue(!sameUser || rating(batch, place - 1) < rating(batch, place), "in their order");
      assertTrue(!sameItem || byItem.get(place - 1) < byItem.get(place), "in their order");
    }
  }

  private static boolean goesThroughMemory(BatchIndex index, Buckets buckets) {
    return IntStream.range(0, buckets.count())
        .allMatch(
            bucket ->
                IntStream.range(index.start(bucket) + 1, index.start(bucket + 1))
                    .allMatch(number -> index.rows()[number - 1] < index.rows()[number]));
  }

  private static int rating(Batch batch, int at) {
    return (int) Lanes.get(batch.values + (long) at * Float.BYTES);
  }

  private static boolean isWithin(BatchIndex index, int number, int place) {
    return index.first(number) <= place && place < index.end(number);
  }
}
