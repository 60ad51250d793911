package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;

/**
 * Some batches of an epoch that are prepared together: their columns in the epoch's order, and for
 * users and items the index of {@link BatchIndexer}. One window costs the launches that one batch
 * would, so small batches want many to a window; memory sets the limit.
 */
final class Window {
  /** 52 bytes each: 55 MB. */
  static final int MOST_POSITIONS = 1 << 20;

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
  private final WindowSource source;
  private final BatchIndexer indexer;
  private final DeviceRatings columns;
  private final Side users;
  private final Side items;

  private int epoch = -1;
  private long firstBatch;

  Window(
      TrainingJob job, WindowSource source, Kernels kernels, Launches launches, DeviceArena arena) {
    this.job = job;
    this.source = source;
    batchSize = shape(job).largestBatch();
    int positions = source.positions();
    batches = Math.ceilDiv(positions, batchSize);
    columns = DeviceRatings.allocate(positions, source.weighted(), arena);
    users = Side.allocate(job.ratings().userCount(), columns.users(), positions, arena);
    items = Side.allocate(job.ratings().itemCount(), columns.items(), positions, arena);
    indexer = new BatchIndexer(kernels, launches, positions, arena);
  }

  static TrainingShape shape(TrainingJob job) {
    return TrainingShape.of(
        job.ratings(), job.spec(), job.optimizer(), job.batchSize(), job.threads());
  }

  /**
   * Positions of a window of whole batches.
   *
   * @param most so many, if that is enough for a batch
   */
  static int positions(TrainingShape shape, int most) {
    long ofKeys =
        Math.min(BatchIndexer.mostBatches(shape.users()), BatchIndexer.mostBatches(shape.items()));
    long ofEpoch = Math.ceilDiv(shape.ratings(), (long) shape.batchSize());
    long batches = Math.clamp(most / shape.largestBatch(), 1, Math.min(ofKeys, ofEpoch));
    return (int) Math.min(batches * shape.largestBatch(), shape.ratings());
  }

  /** Device memory of a window. */
  static long bytes(TrainingShape shape, int positions) {
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

  /** The most batches of a window. */
  long batches() {
    return batches;
  }

  /** Batches from one to the end of its window; the epoch may end before. */
  long batchesFrom(long batch) {
    return batches - batch % batches;
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

  /** Says that the window after the one of a batch is wanted next, if its epoch has one. */
  void prepareAfter(int ofEpoch, long batch) {
    long start = (batch / batches + 1) * batches * batchSize;
    if (start < job.ratings().size()) {
      source.prepare(ofEpoch, start, countFrom(start));
    }
  }

  private int countFrom(long start) {
    return (int) Math.min(columns.size(), job.ratings().size() - start);
  }

  private void prepare(int ofEpoch, long first, Stream stream) {
    long start = first * batchSize;
    int count = countFrom(start);
    source.fill(ofEpoch, start, count, columns, stream);
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
