package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The ratings of an epoch, batch by batch: those of a batch in the order of {@link RatingsByUser}.
 * They are sorted anew for each epoch, by the batches that their positions in {@link EpochOrder}
 * belong to. To gather the ratings of each batch instead takes longer: a gather waits for a cache
 * miss a rating, and here some ratings share the line that is written. And batches come out in the
 * order of their users, and need not be sorted by them.
 */
final class EpochRatings {
  /** Batches are told apart by an int. */
  private static final long MOST_BATCHES = Integer.MAX_VALUE;

  /** Values in a cache line. */
  private static final int LINE = 16;

  private static final int NONE = -1;

  private final TrainingJob job;
  private final RatingsByUser source;
  private final PackedRatings columns;
  private final int batchSize;

  /** Ratings from the beginning of a batch to that of the next. */
  private final long stride;

  private final CountingSort sort;
  private int epoch = NONE;

  EpochRatings(TrainingJob job, Buckets buckets, Team team, Arena arena) {
    if (job.batchesPerEpoch() > MOST_BATCHES) {
      throw new IllegalArgumentException(
          "an epoch of "
              + job.batchesPerEpoch()
              + " batches is more than the "
              + MOST_BATCHES
              + " that the vector backend can sort ratings into; take larger batches");
    }
    this.job = job;
    int batches = (int) job.batchesPerEpoch();
    batchSize = BatchAhead.batchSize(job.batchSize(), job.ratings().size());
    stride = stride(batchSize);
    source = new RatingsByUser(job.ratings(), buckets, team, arena);
    columns = new PackedRatings(batches * stride, job.ratings().hasWeights(), arena);
    sort = new CountingSort(team, job.ratings().size(), batches, arena);
  }

  /** Bytes of the ratings and of what they are sorted from. */
  static long bytes(TrainingShape shape) {
    int batchSize = shape.largestBatch();
    long batches = Math.ceilDiv(shape.ratings(), (long) batchSize);
    return RatingsByUser.bytes(shape.ratings(), shape.weighted())
        + PackedRatings.bytes(batches * stride(batchSize), shape.weighted())
        + CountingSort.bytes(shape.threads(), Math.max(batches, shape.users()));
  }

  /**
   * All batches grow at the same time. Were they a power of two apart, they would do so in the same
   * few lines of a cache; so their values are an odd number of lines apart, and their pairs twice
   * that, unless they are so small that it would be much of them.
   */
  private static long stride(int batchSize) {
    return batchSize < LINE * LINE ? batchSize : (Math.ceilDiv(batchSize, LINE) | 1L) * LINE;
  }

  /** The ratings; they stay as they are until those of another epoch are asked for. */
  PackedRatings of(int epoch) {
    boolean isSorted = this.epoch == epoch || (this.epoch != NONE && !job.shuffle());
    if (!isSorted) {
      this.epoch = NONE;
      sort.sort(() -> new ByBatch(epoch), batchSize);
    }
    this.epoch = epoch;
    return columns;
  }

  /** Where a batch begins. */
  long start(long batch) {
    return batch * stride;
  }

  /** The source, a bin for each batch. */
  private final class ByBatch implements CountingSort.Elements {
    private final @Nullable Shuffle shuffle;
    private final long[] positions = new long[CountingSort.PIECE];
    private final Divisor batches = new Divisor(batchSize);

    ByBatch(int epoch) {
      shuffle = job.shuffle() ? new Shuffle(EpochOrder.of(job, epoch)) : null;
    }

    @Override
    public void findBins(long from, int count, int[] bins) {
      source.indices(from, count, positions);
      if (shuffle != null) {
        shuffle.invert(positions, count);
      }
      batches.divide(positions, count, bins);
    }

    @Override
    public void move(long from, int count, int[] bins, long[] places) {
      long gap = stride - batchSize;
      for (int at = 0; at < count; at++) {
        places[at] += bins[at] * gap;
      }
      columns.scatter(source.columns, from, count, places);
    }
  }
}
