package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.KeptWeights;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Training in plain loops. A step reads like the formulas: the errors of the batch, the gradients
 * of the weights before the step, then the move of each row. With an update per rating the batches
 * are the groups of a {@link RatingGrid}, and gradients are sums: n is 1 then, however many ratings
 * a group has.
 *
 * <p>With e = prediction - rating, n ratings in the batch and weights a of the ratings, the loss
 * {@code sum(a e^2) / n} has the gradients
 *
 * <pre>{@code
 * p_u: sum over the user's ratings of  2/n a e w q_i      (w = 1 without a Dense head)
 * q_i: sum over the item's ratings of  2/n a e w p_u
 * b_u, b_i, b: sums of                 2/n a e
 * w:   sum of                          2/n a e (p_u . q_i)
 * }</pre>
 *
 * <p>Regularization per rating adds {@code 2/n lambda x} for each rating of a row x; Keras' L2 adds
 * {@code 2 lambda x} to every row of both factor tables.
 */
final class ScalarSession implements TrainingSession {
  private final TrainingJob job;
  private final Arena arena;
  private final KeptWeights kept = new KeptWeights();
  private final Weights weights;
  private final List<Weights> slots;
  private final Weights gradients;

  /**
   * Sums of the squares of the gradients of a group's ratings, one by one: AdaGrad's G grows by
   * them.
   */
  private final @Nullable Weights squares;

  private final RowUpdate update;
  private long step;
  private EpochTotals totals = EpochTotals.NONE;

  /**
   * Whether rows outside the batch move too: their momentum decays (Adam), or Keras' L2 pulls at
   * them.
   */
  private final boolean everyRow;

  /** Whether factors are rounded to halves after each move of their row. */
  private final boolean halves;

  private final RowSet batchUsers;
  private final RowSet batchItems;

  /** The batch. */
  private final int[] users;

  private final int[] items;
  private final float[] values;
  private final float[] ratingWeights;
  private final float[] errors;

  /** The order of the ratings with an update for each. */
  private final @Nullable RatingGrid grid;

  /** Opens a session; if memory runs out on the way, nothing is kept. */
  @SuppressWarnings("MustBeClosedChecker") // The session closes it.
  static ScalarSession open(TrainingJob job) {
    Arena arena = Arena.ofShared();
    try {
      return new ScalarSession(job, arena);
    } catch (RuntimeException | Error failure) {
      arena.close();
      throw failure;
    }
  }

  private ScalarSession(TrainingJob job, Arena arena) {
    this.job = job;
    this.arena = arena;
    boolean perRating = job.updates() == Updates.PER_RATING;
    TrainingState start = job.start();
    weights = start.weights().copy(arena);
    halves = job.precision() == Precision.HALF;
    if (halves) {
      Halves.round(weights.userFactors());
      Halves.round(weights.itemFactors());
    }
    slots = start.slots().stream().map(slot -> slot.copy(arena)).toList();
    step = start.step();
    gradients = zeros();
    squares = perRating && job.optimizer() instanceof AdaGrad ? zeros() : null;
    update = RowUpdate.of(job.optimizer());
    everyRow =
        job.optimizer() instanceof Adam
            || (job.spec().l2() > 0 && !(job.optimizer() instanceof LazyAdam));
    batchUsers = new RowSet(job.ratings().userCount());
    batchItems = new RowSet(job.ratings().itemCount());
    grid =
        perRating
            ? RatingGrid.of(
                job.ratings(), job.gridSize(), job.cut().visits(), arena, Workers.CALLER)
            : null;
    int largest = perRating ? RatingGrid.GROUP : TrainingShape.of(job).largestBatch();
    users = new int[largest];
    items = new int[largest];
    values = new float[largest];
    ratingWeights = new float[largest];
    errors = new float[largest];
  }

  private Weights zeros() {
    return Weights.zeros(
        job.spec().head(),
        weights.userFactors().rows(),
        weights.itemFactors().rows(),
        job.spec().factors(),
        arena);
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      totals = EpochTotals.NONE;
    }
    for (long batch = from; batch < to && !totals.diverged(); batch++) {
      if (grid == null) {
        runBatch(epoch, batch);
      } else {
        runRound(epoch, batch, grid);
      }
    }
    return totals;
  }

  private void runBatch(int epoch, long batch) {
    Permutation order = EpochOrder.of(job, epoch);
    Ratings ratings = job.ratings();
    long start = batch * job.batchSize();
    int size = (int) Math.min(job.batchSize(), ratings.size() - start);
    for (int at = 0; at < size; at++) {
      long row = job.shuffle() ? order.apply(start + at) : start + at;
      users[at] = ratings.user(row);
      items[at] = ratings.item(row);
      values[at] = ratings.value(row);
      ratingWeights[at] = ratings.weight(row);
    }
    double squaredError = predict(size, 0);
    totals = totals.plus(batch, size, squaredError, penalty(), job.lossLimit());
    if (!totals.diverged()) {
      update.startStep(step, job.batchesPerEpoch(), step);
      move(size, size);
      step++;
    }
  }

  /** Every group of a round is a step; the learning rate is that of the round. */
  private void runRound(int epoch, long batch, RatingGrid order) {
    int round = EpochOrder.round(job, epoch, batch);
    long visited = step / job.batchesPerEpoch() * job.ratings().size() + totals.ratings();
    update.startStep(step, job.batchesPerEpoch(), visited);
    double squaredError = 0;
    for (int number = 0; number < order.size().blocks(); number++) {
      long first = order.start(round, number);
      for (byte size : order.groups(round, number)) {
        for (int at = 0; at < size; at++) {
          users[at] = order.user(first + at);
          items[at] = order.item(first + at);
          values[at] = order.value(first + at);
          ratingWeights[at] = order.weight(first + at);
        }
        squaredError = predict(size, squaredError);
        move(size, 1);
        for (int at = 0; halves && at < size; at++) {
          Halves.round(weights.userFactors(), users[at]);
          Halves.round(weights.itemFactors(), items[at]);
        }
        first += size;
      }
    }
    totals = totals.plus(batch, order.ratings(round), squaredError, 0, job.lossLimit());
    step++;
  }

  /**
   * The step of a batch whose errors are known.
   *
   * @param divisor of the sums of gradients: the size, or 1
   */
  private void move(int size, int divisor) {
    accumulateGradients(size, divisor);
    addRegularization(divisor);
    if (squares != null) {
      accumulateSquares(size, squares);
    }
    move(batchUsers, Weights::userFactors);
    move(batchUsers, Weights::userBias);
    move(batchItems, Weights::itemFactors);
    move(batchItems, Weights::itemBias);
    moveDense();
    batchUsers.clear();
    batchItems.clear();
  }

  /** Fills the errors of a batch and returns a sum with their weighted squares. */
  private double predict(int size, double before) {
    double squaredError = before;
    for (int at = 0; at < size; at++) {
      float error = weights.score(users[at], items[at]) + job.offset() - values[at];
      errors[at] = error;
      squaredError += (double) ratingWeights[at] * error * error;
    }
    return squaredError;
  }

  /** Keras' L2 term of the loss. */
  private double penalty() {
    double lambda = job.spec().l2();
    return lambda == 0
        ? 0
        : lambda * (sumOfSquares(weights.userFactors()) + sumOfSquares(weights.itemFactors()));
  }

  private static double sumOfSquares(FloatTable table) {
    double sum = 0;
    for (long row = 0; row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        double value = table.get(row, column);
        sum += value * value;
      }
    }
    return sum;
  }

  private void accumulateGradients(int size, int divisor) {
    for (int at = 0; at < size; at++) {
      int user = users[at];
      int item = items[at];
      batchUsers.add(user);
      batchItems.add(item);
      float slope = 2f / divisor * ratingWeights[at] * errors[at];
      float kernel = 1;
      if (weights.dense() != null) {
        FloatTable head = Objects.requireNonNull(gradients.dense());
        kernel = weights.dense().get(0, 0);
        head.set(0, 0, head.get(0, 0) + slope * dot(user, item));
        head.set(0, 1, head.get(0, 1) + slope);
      } else {
        add(Objects.requireNonNull(gradients.userBias()), user, 0, slope);
        add(Objects.requireNonNull(gradients.itemBias()), item, 0, slope);
      }
      for (int factor = 0; factor < job.spec().factors(); factor++) {
        add(
            gradients.userFactors(),
            user,
            factor,
            slope * kernel * weights.itemFactors().get(item, factor));
        add(
            gradients.itemFactors(),
            item,
            factor,
            slope * kernel * weights.userFactors().get(user, factor));
      }
    }
  }

  private float dot(int user, int item) {
    float dot = 0;
    for (int factor = 0; factor < job.spec().factors(); factor++) {
      dot += weights.userFactors().get(user, factor) * weights.itemFactors().get(item, factor);
    }
    return dot;
  }

  private static void add(FloatTable table, long row, int column, float value) {
    table.set(row, column, table.get(row, column) + value);
  }

  private void addRegularization(int divisor) {
    Mf spec = job.spec();
    addRegularization(
        batchUsers,
        weights.userFactors(),
        gradients.userFactors(),
        spec.regularization(),
        spec.l2(),
        divisor);
    addRegularization(
        batchItems,
        weights.itemFactors(),
        gradients.itemFactors(),
        spec.regularization(),
        spec.l2(),
        divisor);
    if (weights.userBias() != null && weights.itemBias() != null) {
      addRegularization(
          batchUsers,
          weights.userBias(),
          Objects.requireNonNull(gradients.userBias()),
          spec.biasRegularization(),
          0,
          divisor);
      addRegularization(
          batchItems,
          weights.itemBias(),
          Objects.requireNonNull(gradients.itemBias()),
          spec.biasRegularization(),
          0,
          divisor);
    }
  }

  private void addRegularization(
      RowSet rows,
      FloatTable table,
      FloatTable gradient,
      double perRating,
      double l2,
      int divisor) {
    long count = l2 > 0 && everyRow ? table.rows() : rows.size();
    for (long at = 0; at < count; at++) {
      int row = l2 > 0 && everyRow ? (int) at : rows.row((int) at);
      float pull = (float) (2 * l2 + 2 * perRating * rows.count(row) / divisor);
      for (int column = 0; column < table.columns(); column++) {
        add(gradient, row, column, pull * table.get(row, column));
      }
    }
  }

  /** Of the gradients of a group's ratings, with an update per rating. */
  private void accumulateSquares(int size, Weights sums) {
    float pull = (float) (2 * job.spec().regularization());
    float pullOfBias = (float) (2 * job.spec().biasRegularization());
    for (int at = 0; at < size; at++) {
      int user = users[at];
      int item = items[at];
      float slope = 2f * ratingWeights[at] * errors[at];
      for (int factor = 0; factor < job.spec().factors(); factor++) {
        float p = weights.userFactors().get(user, factor);
        float q = weights.itemFactors().get(item, factor);
        addSquare(sums.userFactors(), user, factor, slope * q + pull * p);
        addSquare(sums.itemFactors(), item, factor, slope * p + pull * q);
      }
      FloatTable userBias = Objects.requireNonNull(weights.userBias());
      FloatTable itemBias = Objects.requireNonNull(weights.itemBias());
      addSquare(
          Objects.requireNonNull(sums.userBias()),
          user,
          0,
          slope + pullOfBias * userBias.get(user, 0));
      addSquare(
          Objects.requireNonNull(sums.itemBias()),
          item,
          0,
          slope + pullOfBias * itemBias.get(item, 0));
    }
  }

  private static void addSquare(FloatTable table, long row, int column, float value) {
    add(table, row, column, value * value);
  }

  /** A table of a batch: moves its rows, and clears their sums for the next batch. */
  private void move(RowSet rows, Function<Weights, @Nullable FloatTable> of) {
    FloatTable table = of.apply(weights);
    if (table == null) {
      return;
    }
    FloatTable gradient = Objects.requireNonNull(of.apply(gradients));
    FloatTable square = squares == null ? null : of.apply(squares);
    List<FloatTable> numbers =
        slots.stream().map(slot -> Objects.requireNonNull(of.apply(slot))).toList();
    long count = everyRow ? table.rows() : rows.size();
    for (long at = 0; at < count; at++) {
      long row = everyRow ? at : rows.row((int) at);
      update.move(table, numbers, gradient, square, row);
      clear(gradient, row);
      if (square != null) {
        clear(square, row);
      }
    }
  }

  private void moveDense() {
    if (weights.dense() == null) {
      return;
    }
    FloatTable gradient = Objects.requireNonNull(gradients.dense());
    update.moveElements(
        weights.dense(),
        slots.stream().map(slot -> Objects.requireNonNull(slot.dense())).toList(),
        gradient,
        null,
        0);
    clear(gradient, 0);
  }

  private static void clear(FloatTable table, long row) {
    for (int column = 0; column < table.columns(); column++) {
      table.set(row, column, 0);
    }
  }

  @Override
  public double squaredError(Ratings heldOut) {
    double sum = 0;
    for (long row = 0; row < heldOut.size(); row++) {
      float prediction = weights.score(heldOut.user(row), heldOut.item(row)) + job.offset();
      if (job.spec().clip()) {
        prediction = Math.clamp(prediction, job.ratings().minValue(), job.ratings().maxValue());
      }
      double error = (double) prediction - heldOut.value(row);
      sum += error * error;
    }
    return sum;
  }

  @Override
  public boolean keep(Slot slot) {
    KeptWeights.requireKeepable(slot);
    if (!weights.isFinite()) {
      return false;
    }
    kept.room(slot, () -> weights.copy(Arena.ofAuto())).copyFrom(weights);
    return true;
  }

  @Override
  public Weights weights(Slot slot) {
    return slot == Slot.CURRENT ? weights.copy(Arena.ofAuto()) : kept.copy(slot);
  }

  @Override
  public Weights take(Slot slot) {
    return kept.take(slot);
  }

  @Override
  public TrainingState state() {
    Arena copies = Arena.ofAuto();
    return new TrainingState(
        weights.copy(copies), slots.stream().map(slot -> slot.copy(copies)).toList(), step);
  }

  @Override
  public void close() {
    arena.close();
  }
}
