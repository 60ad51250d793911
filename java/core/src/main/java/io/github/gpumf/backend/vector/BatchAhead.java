package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The batches of an epoch in their order. Some are read at a time, each by one thread: sorting a
 * batch is hard to share, and who reads ahead need not.
 */
final class BatchAhead {
  /** Ratings read ahead for each thread: some 40 bytes each, which a second-level cache holds. */
  private static final long RATINGS = 32_768;

  /** Small batches are more objects than ratings. */
  private static final long MOST = 2048;

  private final TrainingJob job;
  private final Team team;
  private final EpochRatings ratings;
  private final List<BatchReader> readers = new ArrayList<>();
  private final List<Batch> batches = new ArrayList<>();

  private int epoch = -1;

  /** The first batch that is read, and the one after the last. */
  private long first;

  private long end;

  BatchAhead(TrainingJob job, Team team, Buckets buckets, int parts, Arena arena) {
    this.job = job;
    this.team = team;
    int users = job.ratings().userCount();
    int items = job.ratings().itemCount();
    int batchSize = batchSize(job.batchSize(), job.ratings().size());
    int count = count(batchSize, job.ratings().size(), job.threads());
    for (int number = 0; number < count; number++) {
      batches.add(
          new Batch(
              new BatchIndex(buckets.forUsers(users), users, batchSize),
              new BatchIndex(buckets, items, batchSize),
              batchSize,
              parts));
    }
    ratings = new EpochRatings(job, buckets, team, arena);
    for (int member = 0; member < Math.min(count, team.size()); member++) {
      readers.add(new BatchReader(items, batchSize));
    }
  }

  /** Ratings of the largest batch. */
  static int batchSize(int batchSize, long ratings) {
    return (int) Math.min(batchSize, ratings);
  }

  /** Batches that are read at a time. */
  static int count(int batchSize, long ratings, int threads) {
    long batches = (ratings + batchSize - 1) / batchSize;
    return (int) Math.clamp(RATINGS * threads / batchSize, 1, Math.min(batches, MOST));
  }

  /** Bytes of the batches and their readers. */
  static long bytes(TrainingShape shape) {
    int size = shape.largestBatch();
    int count = count(size, shape.ratings(), shape.threads());
    long batch =
        BatchIndex.bytes(shape.users(), size)
            + BatchIndex.bytes(shape.items(), size)
            + Batch.bytes(size, BatchSteps.splits(shape) ? 2 : 1);
    return EpochRatings.bytes(shape)
        + count * batch
        + Math.min(count, shape.threads()) * BatchReader.bytes(shape.items(), size);
  }

  /** A batch; it is valid until one is asked for that is not read yet. */
  Batch get(int epoch, long batch) {
    if (!has(epoch, batch)) {
      read(epoch, batch);
    }
    return batches.get((int) (batch - first));
  }

  /** A batch if it is read, or null. */
  @Nullable Batch peek(int epoch, long batch) {
    return has(epoch, batch) ? batches.get((int) (batch - first)) : null;
  }

  private boolean has(int epoch, long batch) {
    return epoch == this.epoch && first <= batch && batch < end;
  }

  private void read(int epoch, long from) {
    this.epoch = epoch;
    first = from;
    end = Math.min(from + batches.size(), job.batchesPerEpoch());
    PackedRatings sorted = ratings.of(epoch);
    team.run(
        (int) (end - from),
        1,
        (start, stop, member) -> {
          for (int number = start; number < stop; number++) {
            long position = (from + number) * job.batchSize();
            int size = (int) Math.min(job.batchSize(), job.ratings().size() - position);
            // With a reader for each batch a member may come to any of them.
            int reader = batches.size() > readers.size() ? member : number;
            readers
                .get(reader)
                .read(sorted, ratings.start(from + number), size, batches.get(number));
          }
        });
  }
}
