package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import java.lang.foreign.Arena;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Steps of a batch each, with vectors and several threads. A step has these parts; within a part,
 * each row is written by one thread, which adds up the row's ratings in the order of the batch, so
 * the bits do not depend on the number of threads.
 *
 * <ol>
 *   <li>Gather the batch: users, items, values and weights, in the order of the epoch.
 *   <li>Index it: the positions of each distinct user, and of each distinct item.
 *   <li>By user: errors of its ratings, and the gradient of its row. Every rating is scored once,
 *       while the user's row is in the first-level cache.
 *   <li>By item: the gradient of its row from the errors, and the row's move. The users' rows are
 *       still those before the step.
 *   <li>By user: the row's move.
 * </ol>
 *
 * <p>At k floats a row, a rating reads its item's row twice, its user's row twice, and writes two
 * gradient rows: about 24 k bytes, nearly all of them in caches for the tables of MovieLens.
 */
final class BatchSteps implements Steps {
  /** Rows of a chunk: some microseconds of work, and a multiple of the lanes of any machine. */
  private static final int CHUNK = 64;

  /** The same of biases. */
  private static final int BIASES_CHUNK = 1024;

  /** Ratings of a chunk where a rating is a few loads. */
  private static final int RATINGS_CHUNK = 1024;

  private final TrainingJob job;
  private final Team team;
  private final BatchSide users;
  private final BatchSide items;
  private final @Nullable DenseHead dense;
  private final RowUpdate update;
  private final RowLoops rows;
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

  /** The rating of each position of the batch. */
  private final long[] ratingAt;

  private final Batch batch;

  /** Gradients of the batch's distinct users. */
  private final PaddedTable userGradients;

  /** A gradient for each member of the team. */
  private final PaddedTable memberGradients;

  private final PaddedTable zeros;

  BatchSteps(TrainingJob job, Tables tables, Team team, Arena arena) {
    this.job = job;
    this.team = team;
    int batchSize = (int) Math.min(job.batchSize(), job.ratings().size());
    step = job.start().step();
    users = new BatchSide(tables.users(), batchSize, step, arena);
    items = new BatchSide(tables.items(), batchSize, step, arena);
    dense = tables.dense();
    Shaped.Shape shape = Shaped.Shape.ofRows(tables.users().factors.rowBytes());
    rows = Shaped.make(BatchRows.class, shape);
    update = RowUpdate.of(job.optimizer(), shape);
    deferred = deferred(batchSize);
    everyRow =
        (job.optimizer() instanceof Adam && deferred == null)
            || (job.spec().l2() > 0 && !(job.optimizer() instanceof LazyAdam));
    ratingAt = new long[batchSize];
    batch = new Batch(batchSize, job.ratings().hasWeights());
    int factors = job.spec().factors();
    userGradients = PaddedTable.ofRows(Math.min(batchSize, users.rows()), factors, arena);
    memberGradients = PaddedTable.ofRows(job.threads(), factors, arena);
    zeros = PaddedTable.ofRows(1, factors, arena);
  }

  /** With L2 the gradient of a row outside the batch is not zero, so nothing can be deferred. */
  private @Nullable DeferredAdam deferred(int batchSize) {
    boolean pays = AdamTails.pay((long) users.rows() + items.rows(), batchSize);
    return pays && job.spec().l2() == 0 && job.optimizer() instanceof Adam adam
        ? DeferredAdam.of(adam, update, rows)
        : null;
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    Shuffle order = job.shuffle() ? new Shuffle(EpochOrder.of(job, epoch)) : null;
    if (from == 0) {
      totals = EpochTotals.NONE;
    }
    if (deferred != null && (from == 0 || !prepared)) {
      catchUpAll();
      deferred.prepare(step, job.batchesPerEpoch() - from, job.batchesPerEpoch());
      prepared = true;
    }
    for (long batch = from; batch < to && !totals.diverged(); batch++) {
      long start = batch * job.batchSize();
      int size = (int) Math.min(job.batchSize(), job.ratings().size() - start);
      gather(order, start, size);
      index(size);
      catchUpItems();
      double penalty = penalty();
      findErrors(size);
      double squaredError = Sums.inOrder(this.batch.squaredErrors, size);
      totals = totals.plus(batch, size, squaredError, penalty, job.lossLimit());
      if (!totals.diverged()) {
        move(size);
      }
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

  /** The step of a batch whose errors and users' gradients are known. */
  private void move(int size) {
    update.startStep(step, job.batchesPerEpoch());
    moveItems(size);
    moveUsers();
    if (dense != null) {
      dense.move(update, batch.slopes, batch.dots, size);
    }
    step++;
    behind = deferred != null;
  }

  /** Users are caught up by {@link #findErrors}, when their turn comes. */
  private void catchUpItems() {
    if (deferred == null) {
      return;
    }
    team.run(
        items.index.distinct(),
        CHUNK,
        (from, to, member) -> {
          for (int number = from; number < to; number++) {
            items.catchUp(deferred, items.index.row(number), step);
          }
        });
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
        side.rows(),
        CHUNK,
        (from, to, member) -> {
          for (int row = from; row < to; row++) {
            side.catchUp(Objects.requireNonNull(deferred), row, step);
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

  private void gather(@Nullable Shuffle order, long start, int size) {
    team.run(
        size,
        RATINGS_CHUNK,
        (from, to, member) -> {
          // The order first, the ratings after it: loads that wait for nothing but their address
          // overlap, and a shuffled rating is three cache misses.
          if (order == null) {
            for (int at = from; at < to; at++) {
              ratingAt[at] = start + at;
            }
          } else {
            order.apply(start, from, to, ratingAt);
          }
          gather(from, to);
        });
  }

  private void gather(int from, int to) {
    Ratings ratings = job.ratings();
    for (int at = from; at < to; at++) {
      users.rowAt[at] = ratings.user(ratingAt[at]);
      items.rowAt[at] = ratings.item(ratingAt[at]);
      batch.values[at] = ratings.value(ratingAt[at]);
    }
    float[] weights = batch.weights;
    for (int at = from; weights != null && at < to; at++) {
      weights[at] = ratings.weight(ratingAt[at]);
    }
  }

  private void index(int size) {
    // Two indices, two chunks; a small batch is not worth a second thread.
    team.run(
        2,
        size < RATINGS_CHUNK ? 2 : 1,
        (from, to, member) -> {
          for (int side = from; side < to; side++) {
            BatchSide indexed = side == 0 ? users : items;
            indexed.index.build(indexed.rowAt, size);
          }
        });
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

  private void findErrors(int size) {
    float shrinkEach = (float) (2 * job.spec().l2());
    float shrinkPerRating = (float) (2 * job.spec().regularization() / size);
    float biasShrink = (float) (2 * job.spec().biasRegularization() / size);
    float kernel = dense == null ? 1 : dense.kernel();
    float offset = job.offset() + (dense == null ? 0 : dense.bias());
    team.run(
        users.index.distinct(),
        CHUNK,
        (from, to, member) -> {
          for (int number = from; number < to; number++) {
            int user = users.index.row(number);
            if (deferred != null) {
              users.catchUp(deferred, user, step);
            }
            int count = users.index.count(number);
            long row = users.factors.row(user);
            long gradient = userGradients.row(number);
            rows.setScaled(gradient, shrinkEach + shrinkPerRating * count, row);
            float bias = users.bias(user);
            float slopes =
                rows.addErrors(
                    batch, users, items, number, kernel, offset + bias, 2f / size, gradient);
            users.biasGradient(user, slopes + biasShrink * count * bias);
          }
        });
  }

  private void moveItems(int size) {
    Mf spec = job.spec();
    float shrinkEach = (float) (2 * spec.l2());
    float shrinkPerRating = (float) (2 * spec.regularization() / size);
    float biasShrink = (float) (2 * spec.biasRegularization() / size);
    float kernel = dense == null ? 1 : dense.kernel();
    team.run(
        everyRow ? items.rows() : items.index.distinct(),
        CHUNK,
        (from, to, member) -> {
          for (int at = from; at < to; at++) {
            int item = everyRow ? at : items.index.row(at);
            int number = everyRow ? items.index.numberOf(item) : at;
            float shrink = shrinkEach;
            if (number != BatchIndex.NONE) {
              shrink += shrinkPerRating * items.index.count(number);
            }
            long gradient = zeros.row(0);
            if (number != BatchIndex.NONE || shrink != 0) {
              gradient = memberGradients.row(member);
              rows.setScaled(gradient, shrink, items.factors.row(item));
            }
            float slopes = 0;
            if (number != BatchIndex.NONE) {
              slopes = rows.addSlopes(batch, items, users, number, kernel, gradient);
              slopes += biasShrink * items.index.count(number) * items.bias(item);
            }
            items.biasGradient(item, slopes);
            items.moveFactors(update, item, gradient);
            items.moved(item, step + 1);
          }
        });
    moveBiases(items);
  }

  private void moveUsers() {
    float shrinkEach = (float) (2 * job.spec().l2());
    team.run(
        everyRow ? users.rows() : users.index.distinct(),
        CHUNK,
        (from, to, member) -> {
          for (int at = from; at < to; at++) {
            int user = everyRow ? at : users.index.row(at);
            int number = everyRow ? users.index.numberOf(user) : at;
            long gradient = zeros.row(0);
            if (number != BatchIndex.NONE) {
              gradient = userGradients.row(number);
            } else {
              users.biasGradient(user, 0);
              if (shrinkEach != 0) {
                gradient = memberGradients.row(member);
                rows.setScaled(gradient, shrinkEach, users.factors.row(user));
              }
            }
            users.moveFactors(update, user, gradient);
            users.moved(user, step + 1);
          }
        });
    moveBiases(users);
  }

  /**
   * A loop of its own: with the moves of rows and of biases in one, the compiler would stop
   * inlining in the middle of it.
   */
  private void moveBiases(BatchSide side) {
    if (everyRow) {
      team.run(side.rows(), BIASES_CHUNK, (from, to, member) -> side.moveBiases(update, from, to));
    } else {
      team.run(
          side.index.distinct(),
          BIASES_CHUNK,
          (from, to, member) -> {
            for (int at = from; at < to; at++) {
              side.moveBias(update, side.index.row(at));
            }
          });
    }
  }
}
