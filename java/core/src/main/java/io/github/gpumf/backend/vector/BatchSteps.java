package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Steps of a batch each, with vectors and several threads. Batches are read ahead ({@link
 * BatchAhead}), and a step has three phases, each of them a loop over {@link Buckets} of rows:
 *
 * <ol>
 *   <li>By user: the dot products of its ratings. A copy of the row as it is is left for the third
 *       phase.
 *   <li>By user: the errors of its ratings, the gradient of its row, and the row's move.
 *   <li>By item: the gradient of its row from the errors and from those copies, and the row's move.
 * </ol>
 *
 * <p>With several threads there are two {@link Columns} parts, and each phase does both: a member
 * of a team of two has a part to itself, and goes from the second phase to the third without
 * waiting for the other one. Rows that members share would have to go from one processor's cache to
 * the other's in each phase; that takes as long as the work itself where processors have no cache
 * in common.
 *
 * <p>A row is written by one thread, which adds up the row's ratings in the order of {@link
 * RatingsByUser}, so the bits do not depend on the number of threads. Where rows outside the batch
 * move too, they do in the third phase; but Keras' Adam without L2 moves them when they are next
 * read ({@link DeferredAdam}): users in the first phase, items in the third one of the batch
 * before.
 *
 * <p>At k floats a row, a rating reads its item's row twice and its user's copy, 12 k bytes. A row
 * is read and written once with its optimizer's numbers, for Adam 24 k bytes; a batch of 8,192
 * ratings of MovieLens 1M has 0.6 rows a rating, one of 1,024 has 1.4.
 */
final class BatchSteps implements Steps {
  /** Rows of a chunk where all rows are gone through. */
  private static final int CHUNK = 64;

  /** The same of biases: some microseconds, and a multiple of the lanes of any machine. */
  private static final int BIASES_CHUNK = 1024;

  private final TrainingJob job;
  private final Tables tables;
  private final Team team;
  private final Buckets buckets;
  private final BatchAhead ahead;
  private final List<BatchPart> parts = new ArrayList<>();
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

  /** For each member of the team one for each part. */
  private final BatchWorker[][] workers;

  /** Weighted squared errors of each bucket. */
  private final double[] squaredErrors;

  /** For each half of the columns and each bucket the squares of its rows, if there is L2. */
  private final double[][] squares;

  BatchSteps(TrainingJob job, Tables tables, Team team, Arena arena) {
    this.job = job;
    this.tables = tables;
    this.team = team;
    step = job.start().step();
    everyRow = movesEveryRow(job.optimizer(), job.spec().l2());
    for (int number = 0; number < tables.parts().size(); number++) {
      parts.add(BatchPart.of(job, tables, number, everyRow, arena));
    }
    deferred =
        job.optimizer() instanceof Adam adam && !everyRow
            ? DeferredAdam.of(adam, parts.get(0).update())
            : null;
    int users = job.ratings().userCount();
    int items = job.ratings().itemCount();
    int batchSize = BatchAhead.batchSize(job.batchSize(), job.ratings().size());
    buckets = Buckets.forRows(everyRow ? (long) users + items : batchSize);
    squaredErrors = new double[buckets.count()];
    ahead = new BatchAhead(job, team, buckets, parts.size(), arena);
    boolean hasL2 = job.spec().l2() > 0;
    squares = new double[hasL2 ? 2 : 0][buckets.count()];
    BatchWorker.Shared shared =
        new BatchWorker.Shared(buckets, deferred, everyRow, hasL2 ? squares : null);
    workers = new BatchWorker[job.threads()][];
    Arrays.setAll(
        workers,
        member ->
            parts.stream().map(part -> worker(shared, part, arena)).toArray(BatchWorker[]::new));
  }

  private static BatchWorker worker(BatchWorker.Shared shared, BatchPart part, Arena arena) {
    PaddedTable gradients = PaddedTable.ofRows(BatchChunk.ROWS, part.userCopies().columns(), arena);
    return new BatchWorker(shared, part, gradients.row(0));
  }

  /** Bytes of what a step needs beside the tables, their slots and the batch itself. */
  static long bytes(TrainingShape shape) {
    int factors = shape.spec().factors();
    long rows = (long) shape.users() + shape.items();
    int users = Math.min(shape.largestBatch(), shape.users());
    boolean biases = shape.spec().head() == Mf.Head.BIASES;
    long biasGradients =
        biases && movesEveryRow(shape.optimizer(), shape.spec().l2())
            ? PaddedTable.bytesOfColumn(shape.users()) + PaddedTable.bytesOfColumn(shape.items())
            : 0;
    int parts = splits(shape) ? 2 : 1;
    long batches = Math.ceilDiv(shape.ratings(), (long) shape.largestBatch());
    boolean defers =
        shape.optimizer() instanceof Adam && !movesEveryRow(shape.optimizer(), shape.spec().l2());
    return PaddedTable.bytesOfRows(users, factors)
        + shape.threads() * PaddedTable.bytesOfRows(BatchChunk.ROWS, factors)
        + biasGradients
        + (defers ? DeferredAdam.bytes(batches) : 0)
        + parts * rows * Long.BYTES; // the step of each row
  }

  /** Whether a job's columns are in two parts, and not together. */
  static boolean splits(TrainingJob job) {
    return splits(TrainingShape.of(job));
  }

  /** Whether the columns of a training with an update a batch are in two parts. */
  static boolean splits(TrainingShape shape) {
    int factors = shape.spec().factors();
    long rows =
        movesEveryRow(shape.optimizer(), shape.spec().l2())
            ? (long) shape.users() + shape.items()
            : shape.largestBatch();
    return shape.threads() > 1
        && Columns.haveHalves(factors)
        && TrainingState.slotColumns(shape.optimizer(), factors) == factors
        && Buckets.forRows(rows).count() > 1;
  }

  private static boolean movesEveryRow(Optimizer optimizer, double l2) {
    return switch (optimizer) {
      case LazyAdam lazy -> false;
      // With L2 the gradient of a row outside the batch is not zero, so nothing can be deferred.
      case Adam adam -> l2 > 0 || !AdamTails.areGoodEnough(adam);
      default -> l2 > 0;
    };
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      totals = EpochTotals.NONE;
    }
    for (long number = from; number < to && !totals.diverged(); number++) {
      if (deferred != null && (number % DeferredAdam.STRETCH == 0 || !prepared)) {
        catchUpAll();
        long rest = DeferredAdam.STRETCH - number % DeferredAdam.STRETCH;
        long toCome = Math.min(job.batchesPerEpoch() - number, rest);
        deferred.prepare(step, toCome, job.batchesPerEpoch());
        prepared = true;
      }
      boolean first = ahead.peek(epoch, number) == null;
      Batch batch = ahead.get(epoch, number);
      if (first) {
        catchUpItems(batch);
      }
      for (double[] ofHalf : squares) {
        Arrays.fill(ofHalf, 0);
      }
      parts.forEach(part -> part.update().startStep(step, job.batchesPerEpoch()));
      double squaredError = move(batch, ahead.peek(epoch, number + 1), numbers(batch.size));
      totals = totals.plus(number, batch.size, squaredError, penalty(), job.lossLimit());
      step++;
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
    DenseHead dense = tables.dense();
    return new BatchNumbers(
        dense == null ? 1 : dense.kernel(),
        job.offset() + (dense == null ? 0 : dense.bias()),
        2f / size,
        (float) (2 * job.spec().l2()),
        (float) (2 * job.spec().regularization() / size),
        (float) (2 * job.spec().biasRegularization() / size));
  }

  /**
   * A step.
   *
   * @param next the next batch if it is read; its items are brought to its step
   * @return the weighted squared error before the step
   */
  private double move(Batch batch, @Nullable Batch next, BatchNumbers numbers) {
    boolean together = parts.size() == 1;
    if (!together) {
      forEachBucket((worker, bucket) -> worker.findDots(batch, bucket, step));
    }
    Phase users =
        (worker, bucket) -> {
          if (together) {
            worker.findDots(batch, bucket, step);
          }
          double squaredError = worker.moveUsers(batch, bucket, numbers, step);
          if (worker.isFirst()) { // all parts find the same
            squaredErrors[bucket] = squaredError;
          }
        };
    Phase items =
        (worker, bucket) -> {
          worker.moveItems(batch, bucket, numbers, step);
          worker.visitOthers(bucket, numbers, step);
          if (deferred != null && next != null) {
            worker.catchUpItems(next, bucket, step + 1);
          }
        };
    if (parts.size() == team.size()) {
      forEachPart(users, items);
    } else {
      forEachBucket(users);
      forEachBucket(items);
    }
    if (everyRow) {
      for (BatchPart part : parts) {
        moveBiases(part.users(), part.update());
        moveBiases(part.items(), part.update());
      }
    }
    if (tables.dense() != null) {
      tables.dense().move(parts.get(0).update(), batch);
    }
    return Sums.inOrder(squaredErrors, squaredErrors.length);
  }

  /** What is done for the rows of a bucket in a part of the columns. */
  @FunctionalInterface
  private interface Phase {
    void run(BatchWorker worker, int bucket);
  }

  private void forEachBucket(Phase phase) {
    int count = buckets.count();
    team.runAtHome(
        parts.size() * count,
        1,
        (from, to, member) -> {
          for (int at = from; at < to; at++) {
            phase.run(workers[member][at / count], at % count);
          }
        });
  }

  /** Two phases one after the other, where no member needs what another one does in them. */
  private void forEachPart(Phase first, Phase second) {
    team.runAtHome(
        parts.size(),
        1,
        (from, to, member) -> {
          for (int part = from; part < to; part++) {
            forEachBucket(first, workers[member][part]);
            forEachBucket(second, workers[member][part]);
          }
        });
  }

  private void forEachBucket(Phase phase, BatchWorker worker) {
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      phase.run(worker, bucket);
    }
  }

  /** A loop of its own, over whole vectors. */
  private void moveBiases(BatchSide side, RowUpdate update) {
    if (side.biases() != 0) {
      team.run(side.rows(), BIASES_CHUNK, (from, to, member) -> side.moveBiases(update, from, to));
    }
  }

  private void catchUpItems(Batch batch) {
    if (deferred != null) {
      forEachBucket((worker, bucket) -> worker.catchUpItems(batch, bucket, step));
    }
  }

  private void catchUpAll() {
    if (behind) {
      catchUpAll(BatchPart::users);
      catchUpAll(BatchPart::items);
      behind = false;
    }
  }

  private void catchUpAll(Function<BatchPart, BatchSide> side) {
    int rows = side.apply(parts.get(0)).rows();
    int chunks = Math.ceilDiv(rows, CHUNK);
    team.runAtHome(
        parts.size() * chunks,
        1,
        (first, end, member) -> {
          for (int at = first; at < end; at++) {
            int part = at / chunks;
            int from = at % chunks * CHUNK;
            int to = Math.min(rows, from + CHUNK);
            workers[member][part].catchUp(side.apply(parts.get(part)), from, to, step);
          }
        });
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
      List<BatchSide> sides =
          parts.stream().flatMap(part -> Stream.of(part.users(), part.items())).toList();
      List<BatchSide.Saved> saved = sides.stream().map(side -> side.save(scratch)).toList();
      catchUpAll();
      T seen = look.get();
      for (int at = 0; at < sides.size(); at++) {
        sides.get(at).restore(saved.get(at));
      }
      behind = true;
      return seen;
    }
  }

  /** Keras' L2 term of the loss: lambda times the squares of both tables before the step. */
  private double penalty() {
    double sum = 0;
    for (double[] ofHalf : squares) {
      sum += Sums.inOrder(ofHalf, ofHalf.length);
    }
    return job.spec().l2() * sum;
  }
}
