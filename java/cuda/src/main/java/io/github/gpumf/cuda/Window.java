package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;

/**
 * Some batches of an epoch that are prepared together: their columns in the epoch's order, and for
 * users and items the index of {@link BatchIndexer}. One window costs the launches that one batch
 * would, so small batches want many to a window; memory sets the limit.
 */
final class Window {
  /** 52 bytes each: 55 MB. */
  private static final int POSITIONS = 1 << 20;

  /** The rows of a side at the positions of the window, and the positions by row. */
  record Side(
      long rows, DeviceBuffer rowAt, DeviceBuffer sortedRows, DeviceBuffer sortedPositions) {
    private static Side allocate(long rows, DeviceBuffer rowAt, int positions, DeviceArena arena) {
      return new Side(rows, rowAt, arena.ints(positions), arena.ints(positions));
    }
  }

  private final TrainingJob job;
  private final int batchSize;
  private final long batches;
  private final Launches launches;
  private final Kernel gather;
  private final BatchIndexer indexer;
  private final DeviceRatings all;
  private final DeviceRatings columns;
  private final Side users;
  private final Side items;

  private int epoch = -1;
  private long firstBatch;

  Window(
      TrainingJob job, DeviceRatings all, Kernels kernels, Launches launches, DeviceArena arena) {
    this.job = job;
    this.all = all;
    this.launches = launches;
    TrainingShape shape =
        TrainingShape.of(
            job.ratings(), job.spec(), job.optimizer(), job.batchSize(), job.threads());
    batchSize = shape.largestBatch();
    batches = batches(shape);
    int positions = positions(shape);
    columns = DeviceRatings.allocate(positions, all.weights() != null, arena);
    users = Side.allocate(shape.users(), columns.users(), positions, arena);
    items = Side.allocate(shape.items(), columns.items(), positions, arena);
    gather = kernels.kernel("batches", "gather_batches");
    indexer = new BatchIndexer(kernels, launches, positions, arena);
  }

  /** Batches of a window: as many as go in, but not more than there are. */
  private static long batches(TrainingShape shape) {
    long most =
        Math.min(BatchIndexer.mostBatches(shape.users()), BatchIndexer.mostBatches(shape.items()));
    long ofEpoch = Math.ceilDiv(shape.ratings(), (long) shape.batchSize());
    return Math.clamp(POSITIONS / shape.largestBatch(), 1, Math.min(most, ofEpoch));
  }

  /** Positions of a window. */
  static int positions(TrainingShape shape) {
    return (int) Math.min(batches(shape) * shape.largestBatch(), shape.ratings());
  }

  /** Device memory of a window. */
  static long bytes(TrainingShape shape) {
    int positions = positions(shape);
    return DeviceRatings.bytes(positions, shape.weighted())
        + 4L * positions * Integer.BYTES // sorted rows and positions of both sides
        + BatchIndexer.bytes(positions);
  }

  /** The columns; {@code size} is the most that there can be. */
  DeviceRatings columns() {
    return columns;
  }

  Side users() {
    return users;
  }

  Side items() {
    return items;
  }

  /** Ratings of a batch, unless it is the last one of an epoch. */
  int batchSize() {
    return batchSize;
  }

  /** Where a batch starts, after preparing its window if it is not the one prepared last. */
  int startOf(int wantedEpoch, long batch, Stream stream) {
    long first = batch / batches * batches;
    if (wantedEpoch != epoch || first != firstBatch) {
      prepare(wantedEpoch, first, stream);
      epoch = wantedEpoch;
      firstBatch = first;
    }
    return (int) ((batch - first) * batchSize);
  }

  private void prepare(int ofEpoch, long first, Stream stream) {
    long start = first * batchSize;
    int count = (int) Math.min(columns.size(), all.size() - start);
    gather
        .call(
            all.users(),
            all.items(),
            all.values(),
            Arguments.orNull(all.weights()),
            all.size(),
            job.shuffle() ? 1 : 0,
            job.seed(),
            CounterRandom.of(job.seed(), Purpose.SHUFFLE, ofEpoch).stream(),
            start,
            count,
            columns.users(),
            columns.items(),
            columns.values(),
            Arguments.orNull(columns.weights()))
        .launch(stream, launches.items(count));
    index(users, count, stream);
    index(items, count, stream);
  }

  private void index(Side side, int count, Stream stream) {
    indexer.index(
        side.rowAt(),
        count,
        batchSize,
        side.rows(),
        side.sortedRows(),
        side.sortedPositions(),
        stream);
  }
}
