package io.github.gpumf.backend.vector;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a member of the team does for a bucket of rows in the phases of a step; {@link BatchSteps}
 * says what these are. It goes through the rows in chunks, and through each chunk in several loops,
 * each of which does one thing to all of its rows; see {@link RowLoops}.
 */
final class BatchWorker {
  /** What all workers share. */
  record Shared(
      BatchSide users,
      BatchSide items,
      Buckets buckets,
      RowLoops rows,
      RowUpdate update,
      @Nullable DeferredAdam deferred,
      boolean everyRow,
      PaddedTable userCopies) {}

  private final BatchSide users;
  private final BatchSide items;
  private final Buckets buckets;
  private final RowLoops rows;
  private final RowUpdate update;
  private final @Nullable DeferredAdam deferred;
  private final boolean everyRow;
  private final PaddedTable userCopies;
  private final BatchChunk chunk = new BatchChunk();

  /** The address of the gradients of a chunk's rows. */
  private final long gradients;

  /**
   * A worker.
   *
   * @param gradients an address with room for {@link BatchChunk#ROWS} rows
   */
  BatchWorker(Shared shared, long gradients) {
    users = shared.users;
    items = shared.items;
    buckets = shared.buckets;
    rows = shared.rows;
    update = shared.update;
    deferred = shared.deferred;
    everyRow = shared.everyRow;
    userCopies = shared.userCopies;
    this.gradients = gradients;
  }

  /**
   * The first phase of a bucket.
   *
   * @param step steps done before
   * @return the weighted squared error of its users' ratings
   */
  double moveUsers(Batch batch, int bucket, BatchNumbers numbers, long step) {
    double squaredError = 0;
    int end = batch.users.start(bucket + 1);
    for (int from = batch.users.start(bucket); from < end; from += BatchChunk.ROWS) {
      int to = Math.min(end, from + BatchChunk.ROWS);
      squaredError += moveUsers(batch, from, to, numbers, step);
    }
    return squaredError;
  }

  private double moveUsers(Batch batch, int from, int to, BatchNumbers numbers, long step) {
    int[] moved = batch.users.rows();
    if (deferred != null) {
      users.catchUp(deferred, moved, from, to, step, chunk.rests);
    }
    start(users, batch.users, from, to, numbers);
    rows.copy(moved, from, to, users.factors.row(0), userCopies.row(from));
    double squaredError =
        rows.findErrors(
            batch,
            from,
            to,
            userCopies.row(0),
            items.factors.row(0),
            items.biases(),
            numbers,
            chunk,
            gradients);
    move(users, moved, from, to, step);
    return squaredError;
  }

  /** The second phase of a bucket, for the items of the batch. */
  void moveItems(Batch batch, int bucket, BatchNumbers numbers, long step) {
    int end = batch.items.start(bucket + 1);
    for (int from = batch.items.start(bucket); from < end; from += BatchChunk.ROWS) {
      int to = Math.min(end, from + BatchChunk.ROWS);
      start(items, batch.items, from, to, numbers);
      rows.addSlopes(batch, from, to, userCopies.row(0), numbers.kernel(), chunk, gradients);
      move(items, batch.items.rows(), from, to, step);
    }
  }

  /** Begins the gradients of rows, as far as they do not depend on their ratings' errors. */
  private void start(BatchSide side, BatchIndex index, int from, int to, BatchNumbers numbers) {
    side.takeBiases(index.rows(), from, to, chunk.bias);
    for (int number = from; number < to; number++) {
      int at = number - from;
      int count = index.end(number) - index.first(number);
      chunk.shrink[at] = numbers.shrink() + numbers.shrinkByRating() * count;
      chunk.slopes[at] = numbers.biasShrinkByRating() * count * chunk.bias[at];
    }
    if (numbers.shrinks()) {
      rows.startGradients(index.rows(), from, to, side.factors.row(0), chunk.shrink, gradients);
    } else {
      rows.clearGradients(to - from, gradients);
    }
  }

  /** Moves rows of the batch, with their biases. */
  private void move(BatchSide side, int[] moved, int from, int to, long step) {
    side.moveFactors(update, moved, from, to, gradients);
    if (everyRow) {
      side.leaveBiasGradients(moved, from, to, chunk.slopes);
    } else {
      side.moveBiases(update, moved, from, to, chunk.slopes);
    }
    side.moved(moved, from, to, step + 1);
  }

  /** Moves the rows of a bucket that have not made this step yet: the batch does not hold them. */
  void moveOthers(BatchSide side, int bucket, BatchNumbers numbers, long step) {
    int count = 0;
    long stride = (long) buckets.together() * buckets.count();
    for (long start = (long) bucket * buckets.together(); start < side.rows(); start += stride) {
      int end = (int) Math.min(side.rows(), start + buckets.together());
      for (int row = (int) start; row < end; row++) {
        if (side.rests(row, step + 1)) {
          chunk.others[count++] = row;
        }
        if (count == BatchChunk.ROWS) {
          moveChunk(side, count, numbers, step);
          count = 0;
        }
      }
    }
    moveChunk(side, count, numbers, step);
  }

  /** Moves the other rows of the chunk; their biases move with all biases. */
  private void moveChunk(BatchSide side, int count, BatchNumbers numbers, long step) {
    int[] moved = chunk.others;
    Arrays.fill(chunk.shrink, numbers.shrink());
    rows.startGradients(moved, 0, count, side.factors.row(0), chunk.shrink, gradients);
    side.moveFactors(update, moved, 0, count, gradients);
    side.moved(moved, 0, count, step + 1);
  }

  /** Moves a batch's items of a bucket over the steps that they have rested. */
  void catchUpItems(Batch batch, int bucket, long step) {
    int end = batch.items.start(bucket + 1);
    for (int from = batch.items.start(bucket); from < end; from += BatchChunk.ROWS) {
      int to = Math.min(end, from + BatchChunk.ROWS);
      items.catchUp(
          Objects.requireNonNull(deferred), batch.items.rows(), from, to, step, chunk.rests);
    }
  }

  /** Moves rows {@code from} to {@code to - 1} over the steps that they have rested. */
  void catchUp(BatchSide side, int from, int to, long step) {
    for (int start = from; start < to; start += BatchChunk.ROWS) {
      int end = Math.min(to, start + BatchChunk.ROWS);
      side.catchUp(Objects.requireNonNull(deferred), start, end, step, chunk.rests);
    }
  }
}
