package io.github.gpumf.backend.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a member of the team does for a bucket of rows in the phases of a step; {@link BatchSteps}
 * says what these are. It goes through the rows in chunks, and through each chunk in several loops,
 * each of which does one thing to all of its rows; see {@link RowLoops}.
 *
 * <p>The loops are called through an interface that has many implementations, which the compiler
 * does not look through. Otherwise it would put several into one method, in an order that is
 * another one in each run, until it is weary and leaves vectors to be objects in the last of them:
 * Sgd in batches was twice as fast in one process as in the next.
 */
final class BatchWorker {
  /**
   * What all workers share.
   *
   * @param everyRow whether rows outside the batch move too
   * @param squares for each half of the columns and each bucket, the sum of the squares of its rows
   *     before the step; null if nobody asks for it
   */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares what is shared.
  record Shared(
      Buckets buckets,
      @Nullable DeferredAdam deferred,
      boolean everyRow,
      double @Nullable [][] squares) {}

  private final BatchPart part;
  private final BatchSide users;
  private final BatchSide items;
  private final Buckets buckets;
  private final RowLoops rows;
  private final @Nullable DeferredAdam deferred;
  private final double @Nullable [][] squares;
  private final BatchChunk chunk = new BatchChunk();

  /** The address of the gradients of a chunk's rows. */
  private final long gradients;

  private final List<Loop> loopsOfDots = new ArrayList<>();
  private final List<Loop> loopsOfUsers = new ArrayList<>();
  private final List<Loop> loopsOfItems = new ArrayList<>();
  private final List<Loop> loopsOfOthers = new ArrayList<>();
  private final List<Loop> loopsOfRests;

  /** A loop over the rows of a chunk. */
  @FunctionalInterface
  private interface Loop {
    void run(BatchWorker worker);
  }

  // What the loops are about: rows[from] to rows[to - 1] of a side, which are of a bucket.

  private BatchSide side;
  private int bucket;
  private int[] moved = {};
  private int from;
  private int to;

  /** Steps done before. */
  private long step;

  private @Nullable Batch batch;
  private @Nullable BatchNumbers numbers;
  private double squaredError;

  /**
   * A worker on a part.
   *
   * @param gradients an address with room for {@link BatchChunk#ROWS} rows
   */
  BatchWorker(Shared shared, BatchPart part, long gradients) {
    this.part = part;
    users = part.users();
    items = part.items();
    side = users;
    buckets = shared.buckets;
    rows = part.loops();
    deferred = shared.deferred;
    squares = shared.squares;
    this.gradients = gradients;
    loopsOfRests =
        deferred == null
            ? List.of()
            : List.of(
                BatchWorker::findRests, BatchWorker::catchUpFactors, BatchWorker::catchUpBiases);
    loopsOfDots.addAll(loopsOfRests);
    loopsOfDots.addAll(
        List.of(BatchWorker::takeBiases, BatchWorker::copyUsers, BatchWorker::findDots));
    loopsOfUsers.add(BatchWorker::findSlopes);
    if (squares != null) {
      // Rows are read for it a moment before they move, while all of them are looked at anyway.
      Stream.of(loopsOfUsers, loopsOfItems, loopsOfOthers)
          .forEach(loops -> loops.add(BatchWorker::addSquares));
    }
    Loop biases = shared.everyRow ? BatchWorker::leaveBiasGradients : BatchWorker::moveBiases;
    loopsOfUsers.addAll(
        List.of(
            BatchWorker::startGradients,
            BatchWorker::startBiasGradients,
            BatchWorker::addItems,
            BatchWorker::moveFactors,
            biases));
    loopsOfItems.addAll(
        List.of(
            BatchWorker::startGradients,
            BatchWorker::startBiasGradients,
            BatchWorker::addUsers,
            BatchWorker::moveFactors,
            biases));
    if (shared.everyRow) {
      loopsOfOthers.addAll(List.of(BatchWorker::startGradientsOfOthers, BatchWorker::moveFactors));
    }
  }

  /** Whether it works on the first part. */
  boolean isFirst() {
    return part.number() == 0;
  }

  /** Runs loops over some rows of a side. */
  private void run(List<Loop> loops, BatchSide side, int[] moved, int from, int to, long step) {
    this.side = side;
    this.moved = moved;
    this.from = from;
    this.to = to;
    this.step = step;
    for (Loop loop : loops) {
      loop.run(this);
    }
  }

  /** Runs loops over a batch's rows of a bucket. */
  private void run(List<Loop> loops, BatchSide side, BatchIndex index, int bucket, long step) {
    this.bucket = bucket;
    int end = index.start(bucket + 1);
    for (int start = index.start(bucket); start < end; start += BatchChunk.ROWS) {
      run(loops, side, index.rows(), start, Math.min(end, start + BatchChunk.ROWS), step);
    }
  }

  /** The first phase of a bucket: the dot products of its users' ratings. */
  void findDots(Batch batch, int bucket, long step) {
    this.batch = batch;
    run(loopsOfDots, users, batch.users, bucket, step);
  }

  /**
   * The second phase of a bucket.
   *
   * @param step steps done before
   * @return the weighted squared error of its users' ratings
   */
  double moveUsers(Batch batch, int bucket, BatchNumbers numbers, long step) {
    this.batch = batch;
    this.numbers = numbers;
    squaredError = 0;
    run(loopsOfUsers, users, batch.users, bucket, step);
    return squaredError;
  }

  /** The third phase of a bucket, for the items of the batch. */
  void moveItems(Batch batch, int bucket, BatchNumbers numbers, long step) {
    this.batch = batch;
    this.numbers = numbers;
    run(loopsOfItems, items, batch.items, bucket, step);
  }

  private Batch batch() {
    return Objects.requireNonNull(batch);
  }

  private BatchNumbers numbers() {
    return Objects.requireNonNull(numbers);
  }

  private void takeBiases() {
    for (int number = from; hasBiases() && number < to; number++) {
      chunk.bias[number - from] = side.side().bias(moved[number]);
    }
  }

  /** Whether the biases of the side stand by the part's columns. */
  private boolean hasBiases() {
    return side.biases() != 0;
  }

  private void findSlopes() {
    squaredError +=
        batch()
            .findSlopes(
                batch().users.first(from), batch().users.first(to), numbers(), part.number());
  }

  private BatchIndex index() {
    return side == users ? batch().users : batch().items;
  }

  private void addSquares() {
    double[][] sums = Objects.requireNonNull(squares);
    Arrays.fill(chunk.squares, 0);
    rows.addSquares(moved, from, to, side.factors.row(0), part.hasHalves(), chunk.squares);
    sums[part.number()][bucket] += chunk.squares[0];
    if (part.hasHalves()) {
      sums[1][bucket] += chunk.squares[1];
    }
  }

  /** Begins gradients with what does not depend on errors. */
  private void startGradients() {
    if (!numbers().shrinks()) {
      rows.clearGradients(to - from, gradients);
      return;
    }
    for (int number = from; number < to; number++) {
      chunk.shrink[number - from] =
          numbers().shrink() + numbers().shrinkByRating() * index().count(number);
    }
    rows.startGradients(moved, from, to, side.factors.row(0), chunk.shrink, gradients);
  }

  private void startBiasGradients() {
    Arrays.fill(chunk.slopes, 0, to - from, 0);
    if (hasBiases() && numbers().biasShrinkByRating() != 0) {
      for (int number = from; number < to; number++) {
        chunk.slopes[number - from] =
            numbers().biasShrinkByRating()
                * index().count(number)
                * side.side().bias(moved[number]);
      }
    }
  }

  /** Where slopes are summed up for the gradients of biases, if there are any. */
  private float @Nullable [] biasGradients() {
    return hasBiases() ? chunk.slopes : null;
  }

  private void copyUsers() {
    rows.copy(moved, from, to, users.factors.row(0), part.userCopies().row(from));
  }

  private void findDots() {
    rows.findDots(
        batch(),
        from,
        to,
        part.userCopies().row(from),
        items.factors.row(0),
        chunk.bias,
        items.biases(),
        part.hasHalves(),
        batch().dots[part.number()]);
  }

  private void addItems() {
    rows.addItems(
        batch(),
        from,
        to,
        items.factors.row(0),
        numbers().kernel(),
        batch().slopes[part.number()],
        biasGradients(),
        gradients);
  }

  private void addUsers() {
    rows.addUsers(
        batch(),
        from,
        to,
        part.userCopies().row(0),
        numbers().kernel(),
        batch().slopes[part.number()],
        biasGradients(),
        gradients);
  }

  private void moveFactors() {
    side.moveFactors(part.update(), moved, from, to, gradients);
    side.moved(moved, from, to, step + 1);
  }

  private void moveBiases() {
    side.moveBiases(part.update(), moved, from, to, chunk.slopes);
  }

  /** Biases move with all others. */
  private void leaveBiasGradients() {
    side.leaveBiasGradients(moved, from, to, chunk.slopes);
  }

  /**
   * What there is to do for the rows of a bucket that have not made this step yet, since the batch
   * does not hold them.
   */
  void visitOthers(int bucket, BatchNumbers numbers, long step) {
    if (loopsOfOthers.isEmpty()) {
      return;
    }
    this.numbers = numbers;
    this.bucket = bucket;
    visitOthers(users, buckets.forUsers(users.rows()), bucket, step);
    visitOthers(items, buckets, bucket, step);
  }

  private void visitOthers(BatchSide side, Buckets dealt, int bucket, long step) {
    int count = 0;
    for (long row = dealt.first(bucket); row < side.rows(); row = dealt.next(row)) {
      if (side.rests((int) row, step + 1)) {
        chunk.others[count++] = (int) row;
      }
      if (count == BatchChunk.ROWS) {
        run(loopsOfOthers, side, chunk.others, 0, count, step);
        count = 0;
      }
    }
    run(loopsOfOthers, side, chunk.others, 0, count, step);
  }

  private void startGradientsOfOthers() {
    Arrays.fill(chunk.shrink, numbers().shrink());
    rows.startGradients(moved, from, to, side.factors.row(0), chunk.shrink, gradients);
  }

  /** Moves a batch's items of a bucket over the steps that they have rested. */
  void catchUpItems(Batch batch, int bucket, long step) {
    run(loopsOfRests, items, batch.items, bucket, step);
  }

  /** Moves rows {@code first} to {@code end - 1} over the steps that they have rested. */
  void catchUp(BatchSide side, int first, int end, long step) {
    for (int start = first; start < end; start += BatchChunk.ROWS) {
      int count = Math.min(end - start, BatchChunk.ROWS);
      for (int at = 0; at < count; at++) {
        chunk.others[at] = start + at;
      }
      run(loopsOfRests, side, chunk.others, 0, count, step);
    }
  }

  private void findRests() {
    side.findRests(Objects.requireNonNull(deferred), moved, from, to, step, chunk.rests);
  }

  private void catchUpFactors() {
    side.catchUpFactors(rows, Objects.requireNonNull(deferred), chunk.rests);
  }

  private void catchUpBiases() {
    side.catchUpBiases(Objects.requireNonNull(deferred), chunk.rests);
  }
}
