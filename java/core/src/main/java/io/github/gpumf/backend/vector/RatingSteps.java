package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/**
 * A step for each rating. What the session calls a batch is a round of a {@link RatingGrid}: its
 * blocks share no row, so each is the work of one thread, and the result does not depend on which.
 */
final class RatingSteps implements Steps {
  /** Rows of a chunk where all rows are gone through. */
  private static final int CHUNK = 256;

  /**
   * Ratings of a call of Sgd's loop until it is compiled: what is called often is compiled sooner
   * than what goes on for long, and the first epoch takes a sixth less.
   */
  private static final int COLD_TOGETHER = 2;

  /** So many that nobody notices the calls. */
  private static final int TOGETHER = 1024;

  private final TrainingJob job;
  private final Tables tables;
  private final RatingGrid grid;
  private final Team team;
  private final RatingKernel kernel;
  private final WarmUp warmUp;
  private final RowUpdate update;
  private final boolean accumulatesByRow;
  private final RatingSide users;
  private final RatingSide items;

  /** Weighted squared errors of each block of the round. */
  private final double[] squaredErrors;

  private final long rounds;
  private long step;
  private EpochTotals totals = EpochTotals.NONE;

  RatingSteps(TrainingJob job, Tables tables, RatingGrid grid, Team team, Arena arena) {
    this.job = job;
    this.tables = tables;
    this.grid = grid;
    this.team = team;
    step = job.start().step();
    rounds = job.batchesPerEpoch();
    RatingRule rule = RatingRule.of(job.optimizer());
    Shaped.Shape shape =
        new Shaped.Shape(
            tables.users().factors.rowBytes(), RatingGrid.stride(job.ratings().hasWeights()));
    update = RowUpdate.of(job.optimizer(), shape);
    warmUp = WarmUp.of(rule, shape);
    kernel =
        rule == RatingRule.SGD
            ? Shaped.make(SgdRatings.class, shape)
            : GroupedRatings.of(rule, shape);
    accumulatesByRow = rule == RatingRule.ADAGRAD_BY_ROW;
    users = new RatingSide(tables.users(), rule, arena);
    items = new RatingSide(tables.items(), rule, arena);
    squaredErrors = new double[grid.size().blocks()];
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      totals = EpochTotals.NONE;
      if (accumulatesByRow) {
        team.run(
            tables.users().rows(), CHUNK, (first, end, member) -> users.sumSquares(first, end));
        team.run(
            tables.items().rows(), CHUNK, (first, end, member) -> items.sumSquares(first, end));
      }
    }
    long visited = visited(epoch, from);
    for (long batch = from; batch < to && !totals.diverged(); batch++) {
      int round = EpochOrder.round(job, epoch, batch);
      visit(round, visited);
      long ratings = grid.ratings(round);
      double squaredError = Sums.inOrder(squaredErrors, squaredErrors.length);
      totals = totals.plus(batch, ratings, squaredError, 0, job.lossLimit());
      visited += ratings;
      step++;
    }
    return totals;
  }

  /** Visits all blocks of a round: the caller alone for as long as the kernel is not compiled. */
  private void visit(int round, long visited) {
    int blocks = grid.size().blocks();
    int first = 0;
    RatingStep cold = numbers(visited, COLD_TOGETHER);
    for (; first < blocks && !warmUp.isOver(); first++) {
      long start = System.nanoTime();
      squaredErrors[first] = visit(round, first, cold);
      long ratings = grid.end(round, first) - grid.start(round, first);
      warmUp.took(ratings, System.nanoTime() - start);
    }
    int done = first;
    RatingStep warm = numbers(visited, TOGETHER);
    team.forEach(
        blocks - done, number -> squaredErrors[done + number] = visit(round, done + number, warm));
  }

  private double visit(int round, int number, RatingStep numbers) {
    long start = grid.segment().address();
    long stride = RatingGrid.stride(job.ratings().hasWeights());
    return kernel.run(
        start + stride * grid.start(round, number),
        start + stride * grid.end(round, number),
        grid.groups(round, number),
        users,
        items,
        numbers);
  }

  /** Ratings visited before a batch of an epoch, since the training began. */
  private long visited(int epoch, long batch) {
    long visited = step / rounds * job.ratings().size();
    for (long before = 0; before < batch; before++) {
      visited += grid.ratings(EpochOrder.round(job, epoch, before));
    }
    return visited;
  }

  private RatingStep numbers(long visited, int together) {
    return new RatingStep(
        job.offset(),
        update.alpha(step, rounds, visited),
        (float) (2 * job.spec().regularization()),
        (float) (2 * job.spec().biasRegularization()),
        job.optimizer() instanceof LazyAdam lazy ? (float) (1 - lazy.beta1()) : 0,
        job.optimizer() instanceof LazyAdam lazy ? (float) (1 - lazy.beta2()) : 0,
        switch (job.optimizer()) {
          case LazyAdam lazy -> (float) lazy.epsilon();
          case AdaGrad adaGrad -> (float) adaGrad.epsilon();
          case Adam adam -> (float) adam.epsilon();
          case Sgd sgd -> 0;
        },
        job.spec().factors(),
        together);
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public <T> T current(Supplier<T> look) {
    team.run(tables.users().rows(), CHUNK, (first, end, member) -> users.giveBack(first, end));
    team.run(tables.items().rows(), CHUNK, (first, end, member) -> items.giveBack(first, end));
    return look.get();
  }
}
