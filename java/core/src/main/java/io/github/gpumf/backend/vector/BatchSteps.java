package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Steps of a batch each, with vectors and several threads. Batches are read ahead ({@link
 * BatchAhead}), and a step has two phases, each of them a loop over {@link Buckets} of rows:
 *
 * <ol>
 *   <li>By user: the errors of its ratings, the gradient of its row, and the row's move. A copy of
 *       the row as it was is left for the second phase.
 *   <li>By item: the gradient of its row from the errors and from those copies, and the row's move.
 * </ol>
 *
 * <p>A row is written by one thread, which adds up the row's ratings in the order of the batch, so
 * the bits do not depend on the number of threads. Where rows outside the batch move too, they do
 * in the second phase; but Keras' Adam without L2 moves them when they are next read ({@link
 * DeferredAdam}): users in the first phase, items in the second one of the batch before.
 *
 * <p>At k floats a row, a rating reads its item's row and its user's copy, 8 k bytes. A row is read
 * and written once with its optimizer's numbers, for Adam 24 k bytes; a batch of 8,192 ratings of
 * MovieLens 1M has 0.6 rows a rating, one of 1,024 has 1.4.
 */
final class BatchSteps implements Steps {
  /** Rows of a chunk where all rows are gone through. */
  private static final int CHUNK = 64;

  /** The same of biases: some microseconds, and a multiple of the lanes of any machine. */
  private static final int BIASES_CHUNK = 1024;

  private final TrainingJob job;
  private final Team team;
  private final Buckets buckets;
  private final BatchAhead ahead;
  private final BatchSide users;
  private final BatchSide items;
  private final @Nullable DenseHead dense;
  private final RowUpdate update;
  private long step;
  private EpochTotals totals = EpochTotals.NONE;

  /** Whether rows outside the batch move too: their momentum decays, or Keras' L2 pulls at them. */
  private final boolean everyRow;

  /** Moves rows outside the batch later, when they are next read; null if nothing is deferred. */
  private final @Nullable DeferredAdam deferred;

  /** Whether rows may be behind the step. */
  private boolean behind;

  /** Whether {@link #deferred} knows the steps to come. */
  private boolean prepared;

  /** For each member of the team. */
  private final BatchWorker[] workers;

  /** Weighted squared errors of each bucket. */
  private final double[] squaredErrors;

  BatchSteps(TrainingJob job, Tables tables, Team team, Arena arena) {
    this.job = job;
    this.team = team;
    step = job.start().step();
    dense = tables.dense();
    Shaped.Shape shape = Shaped.Shape.ofRows(tables.users().factors.rowBytes());
    RowLoops rows = Shaped.make(BatchRows.class, shape);
    update = RowUpdate.of(job.optimizer(), shape);
    // With L2 the gradient of a row outside the batch is not zero, so nothing can be deferred.
    deferred =
        job.spec().l2() == 0 && job.optimizer() instanceof Adam adam
            ? DeferredAdam.of(adam, update, rows)
            : null;
    everyRow =
        (job.optimizer() instanceof Adam && deferred == null)
            || (job.spec().l2() > 0 && !(job.optimizer() instanceof LazyAdam));
    users = new BatchSide(tables.users(), step, everyRow, arena);
    items = new BatchSide(tables.items(), step, everyRow, arena);
    int batchSize = BatchAhead.batchSize(job.batchSize(), job.ratings().size());
    buckets = Buckets.forRows(everyRow ? (long) users.rows() + items.rows() : batchSize);
    squaredErrors = new double[buckets.count()];
    ahead = new BatchAhead(job, team, buckets, dense != null, arena);
    int factors = job.spec().factors();
    PaddedTable userCopies = PaddedTable.ofRows(Math.min(batchSize, users.rows()), factors, arena);
    PaddedTable gradients =
        PaddedTable.ofRows((long) job.threads() * BatchChunk.ROWS, factors, arena);
    BatchWorker.Shared shared =
        new BatchWorker.Shared(users, items, buckets, rows, update, deferred, everyRow, userCopies);
    workers = new BatchWorker[job.threads()];
    Arrays.setAll(
        workers, member -> new BatchWorker(shared, gradients.row((long) member * BatchChunk.ROWS)));
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      totals = EpochTotals.NONE;
    }
    if (deferred != null && (from == 0 || !prepared)) {
      catchUpAll();
      deferred.prepare(step, job.batchesPerEpoch() - from, job.batchesPerEpoch());
      prepared = true;
    }
    for (long number = from; number < to && !totals.diverged(); number++) {
      boolean first = ahead.peek(epoch, number) == null;
      Batch batch = ahead.get(epoch, number);
      if (first) {
        catchUpItems(batch);
      }
      BatchNumbers numbers = numbers(batch.size);
      double penalty = penalty();
      update.startStep(step, job.batchesPerEpoch());
      double squaredError = moveUsers(batch, numbers);
      totals = totals.plus(number, batch.size, squaredError, penalty, job.lossLimit());
      if (!totals.diverged()) {
        moveItems(batch, ahead.peek(epoch, number + 1), numbers);
        step++;
      }
      behind = deferred != null;
    }
    if (to == job.batchesPerEpoch()) {
      catchUpAll();
    }
    return totals;
  }

  @Override
  public long step() {
    return step;
  }

  private BatchNumbers numbers(int size) {
    return new BatchNumbers(
        dense == null ? 1 : dense.kernel(),
        job.offset() + (dense == null ? 0 : dense.bias()),
        2f / size,
        (float) (2 * job.spec().l2()),
        (float) (2 * job.spec().regularization() / size),
        (float) (2 * job.spec().biasRegularization() / size));
  }

  /** What is done for the rows of a bucket. */
  @FunctionalInterface
  private interface Phase {
    void run(BatchWorker worker, int bucket);
  }

  private void forEachBucket(Phase phase) {
    team.run(
        buckets.count(),
        1,
        (from, to, member) -> {
          for (int bucket = from; bucket < to; bucket++) {
            phase.run(workers[member], bucket);
          }
        });
  }

  /** The first phase; returns the weighted squared error. */
  private double moveUsers(Batch batch, BatchNumbers numbers) {
    forEachBucket(
        (worker, bucket) -> squaredErrors[bucket] = worker.moveUsers(batch, bucket, numbers, step));
    return Sums.inOrder(squaredErrors, squaredErrors.length);
  }

  /** The second phase, which brings the items of the next batch to its step too. */
  private void moveItems(Batch batch, @Nullable Batch next, BatchNumbers numbers) {
    forEachBucket(
        (worker, bucket) -> {
          worker.moveItems(batch, bucket, numbers, step);
          if (everyRow) {
            worker.moveOthers(users, bucket, numbers, step);
            worker.moveOthers(items, bucket, numbers, step);
          } else if (deferred != null && next != null) {
            worker.catchUpItems(next, bucket, step + 1);
          }
        });
    if (everyRow) {
      moveBiases(users);
      moveBiases(items);
    }
    if (dense != null) {
      dense.move(update, batch.slopes, Objects.requireNonNull(batch.dots), batch.size);
    }
  }

  /** A loop of its own, over whole vectors. */
  private void moveBiases(BatchSide side) {
    team.run(side.rows(), BIASES_CHUNK, (from, to, member) -> side.moveBiases(update, from, to));
  }

  private void catchUpItems(Batch batch) {
    if (deferred != null) {
      forEachBucket((worker, bucket) -> worker.catchUpItems(batch, bucket, step));
    }
  }

  private void catchUpAll() {
    if (behind) {
      catchUpAll(users);
      catchUpAll(items);
      behind = false;
    }
  }

  private void catchUpAll(BatchSide side) {
    team.run(
        side.rows(), CHUNK, (from, to, member) -> workers[member].catchUp(side, from, to, step));
  }

  /**
   * Looks at current weights. In the middle of an epoch rows that were behind are behind again
   * afterwards: the bits of a training do not depend on who looks at it.
   */
  @Override
  public <T> T current(Supplier<T> look) {
    if (!behind) {
      return look.get();
    }
    try (Arena scratch = Arena.ofConfined()) {
      BatchSide.Saved savedUsers = users.save(scratch);
      BatchSide.Saved savedItems = items.save(scratch);
      catchUpAll();
      T seen = look.get();
      users.restore(savedUsers);
      items.restore(savedItems);
      behind = true;
      return seen;
    }
  }

  /** Keras' L2 term of the loss: lambda times the squares of both tables before the step. */
  private double penalty() {
    double lambda = job.spec().l2();
    return lambda == 0 ? 0 : lambda * (sumOfSquares(users.factors) + sumOfSquares(items.factors));
  }

  private double sumOfSquares(PaddedTable table) {
    double[] sums = new double[(int) ((table.rows() + CHUNK - 1) / CHUNK)];
    team.run(
        (int) table.rows(),
        CHUNK,
        (from, to, member) -> {
          for (int row = from; row < to; row++) {
            sums[row / CHUNK] += Rows.dot(table.row(row), table.row(row), table.rowBytes());
          }
        });
    return Sums.inOrder(sums, sums.length);
  }
}
