package io.github.gpumf.backend;

import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The formulas once more, in double and without regard to speed: every gradient is dense, every
 * rule is applied to whole tables. Shares no arithmetic with a backend.
 */
final class ReferenceTraining {
  private final TrainingJob job;
  private final Table users;
  private final Table items;
  private final Table userBias;
  private final Table itemBias;
  private final Table dense;
  private final boolean biases;
  private long step;

  /** Moves of the weights before the batch, which Adam counts. */
  private long moves;

  /** Ratings visited, where each is a step. */
  private long visited;

  ReferenceTraining(TrainingJob job) {
    this.job = job;
    Weights start = job.start().weights();
    biases = job.spec().head() == Mf.Head.BIASES;
    users = new Table(start.userFactors());
    items = new Table(start.itemFactors());
    FloatTable none = FloatTable.allocate(0, 1, Arena.ofAuto());
    userBias = new Table(Objects.requireNonNullElse(start.userBias(), none));
    itemBias = new Table(Objects.requireNonNullElse(start.itemBias(), none));
    // Kernel and bias are rows of their own, each with an accumulator of its own.
    dense =
        new Table(start.dense() == null ? none : FloatTable.view(2, 1, start.dense().segment()));
    if (job.precision() == Precision.HALF) {
      Arrays.stream(users.w).forEach(ReferenceTraining::toHalves);
      Arrays.stream(items.w).forEach(ReferenceTraining::toHalves);
    }
  }

  private static void toHalves(double[] row) {
    for (int at = 0; at < row.length; at++) {
      row[at] = Float.float16ToFloat(Float.floatToFloat16((float) row[at]));
    }
  }

  /** A parameter table with its gradient, slots and the rows of the batch. */
  private static final class Table {
    final double[][] w;
    final double[][] g;

    /** Of the gradients of ratings, one by one. */
    final double[][] squares;

    final double[][] m;
    final double[][] v;
    final int[] count;

    Table(FloatTable start) {
      int rows = (int) start.rows();
      w = new double[rows][start.columns()];
      g = new double[rows][start.columns()];
      squares = new double[rows][start.columns()];
      m = new double[rows][start.columns()];
      v = new double[rows][start.columns()];
      count = new int[rows];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < start.columns(); column++) {
          w[row][column] = start.get(row, column);
        }
      }
    }

    void add(int row, int column, double gradient) {
      g[row][column] += gradient;
      squares[row][column] += gradient * gradient;
    }

    double sumOfSquares() {
      double sum = 0;
      for (double[] row : w) {
        sum += dot(row, row);
      }
      return sum;
    }
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int at = 0; at < x.length; at++) {
      sum += x[at] * y[at];
    }
    return sum;
  }

  private double predict(int user, int item) {
    double dot = dot(users.w[user], items.w[item]);
    return job.offset()
        + (biases
            ? dot + userBias.w[user][0] + itemBias.w[item][0]
            : dense.w[0][0] * dot + dense.w[1][0]);
  }

  private record Rating(int user, int item, double value, double weight) {}

  /** Runs a batch and returns its loss. */
  double step(int epoch, long batch) {
    double loss = job.updates() == Updates.PER_RATING ? round(epoch, batch) : batch(epoch, batch);
    step++;
    return loss;
  }

  private double batch(int epoch, long batch) {
    Ratings ratings = job.ratings();
    Permutation order = EpochOrder.of(job, epoch);
    long start = batch * job.batchSize();
    long end = Math.min(start + job.batchSize(), ratings.size());
    List<Rating> rows = new ArrayList<>();
    for (long at = start; at < end; at++) {
      long row = job.shuffle() ? order.apply(at) : at;
      rows.add(
          new Rating(
              ratings.user(row), ratings.item(row), ratings.value(row), ratings.weight(row)));
    }
    moves = step;
    return move(rows, rows.size());
  }

  /** Every group of a round is a batch whose gradients are summed up. */
  private double round(int epoch, long batch) {
    int round = EpochOrder.round(job, epoch, batch);
    double loss = 0;
    moves = visited;
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid =
          RatingGrid.of(job.ratings(), job.gridSize(), job.cut().visits(), arena, Workers.CALLER);
      for (int block = 0; block < grid.size().blocks(); block++) {
        long at = grid.start(round, block);
        for (byte size : grid.groups(round, block)) {
          List<Rating> group = new ArrayList<>();
          for (long end = at + size; at < end; at++) {
            group.add(new Rating(grid.user(at), grid.item(at), grid.value(at), grid.weight(at)));
          }
          loss += move(group, 1);
          visited += size;
          if (job.precision() == Precision.HALF) {
            group.forEach(rating -> toHalves(users.w[rating.user()]));
            group.forEach(rating -> toHalves(items.w[rating.item()]));
          }
        }
      }
      return loss / grid.ratings(round);
    }
  }

  /** Moves the weights along the gradient of a batch and returns its loss: sums by a divisor. */
  private double move(List<Rating> batch, int divisor) {
    Mf spec = job.spec();
    double loss = spec.l2() * (users.sumOfSquares() + items.sumOfSquares());
    for (Rating rating : batch) {
      int user = rating.user();
      int item = rating.item();
      double error = predict(user, item) - rating.value();
      loss += rating.weight() * error * error / divisor;
      double slope = 2.0 / divisor * rating.weight() * error;
      double kernel = biases ? 1 : dense.w[0][0];
      for (int factor = 0; factor < spec.factors(); factor++) {
        double p = users.w[user][factor];
        double q = items.w[item][factor];
        double pull = 2.0 / divisor * spec.regularization();
        users.add(user, factor, slope * kernel * q + pull * p);
        items.add(item, factor, slope * kernel * p + pull * q);
      }
      users.count[user]++;
      items.count[item]++;
      if (biases) {
        double pull = 2.0 / divisor * spec.biasRegularization();
        userBias.add(user, 0, slope + pull * userBias.w[user][0]);
        itemBias.add(item, 0, slope + pull * itemBias.w[item][0]);
        userBias.count[user]++;
        itemBias.count[item]++;
      } else {
        dense.g[0][0] += slope * dot(users.w[user], items.w[item]);
        dense.g[1][0] += slope;
        dense.count[0]++;
        dense.count[1]++;
      }
    }
    boolean lazy = job.optimizer() instanceof LazyAdam;
    for (Table table : new Table[] {users, items}) {
      for (int row = 0; row < table.w.length; row++) {
        for (int factor = 0; factor < spec.factors() && (!lazy || table.count[row] > 0); factor++) {
          table.g[row][factor] += 2 * spec.l2() * table.w[row][factor];
        }
      }
    }
    for (Table table : new Table[] {users, items, userBias, itemBias, dense}) {
      move(table);
    }
    return loss;
  }

  private void move(Table table) {
    Optimizer optimizer = job.optimizer();
    double rate = optimizer.learningRate().at(step, job.batchesPerEpoch());
    for (int row = 0; row < table.w.length; row++) {
      double[] w = table.w[row];
      double[] g = table.g[row];
      boolean touched = table.count[row] > 0;
      for (int at = 0; at < w.length; at++) {
        switch (optimizer) {
          case Sgd sgd -> w[at] -= rate * g[at];
          case Adam adam -> adam(table, row, at, rate, adam.beta1(), adam.beta2(), adam.epsilon());
          case LazyAdam lazy -> {
            if (touched) {
              adam(table, row, at, rate, lazy.beta1(), lazy.beta2(), lazy.epsilon());
            }
          }
          case AdaGrad adaGrad -> {
            boolean shared = adaGrad.accumulator() == Accumulator.ROW;
            int slot = shared ? 0 : at;
            if (!shared || at == 0) {
              double[] growth = growth(table, row);
              table.v[row][slot] += shared ? Arrays.stream(growth).sum() / g.length : growth[at];
            }
            w[at] -= rate * g[at] / (Math.sqrt(table.v[row][slot]) + adaGrad.epsilon());
          }
        }
      }
      Arrays.fill(g, 0);
      Arrays.fill(table.squares[row], 0);
      table.count[row] = 0;
    }
  }

  /** By how much AdaGrad's G grows: by the square of a batch's gradient, or by those of ratings. */
  private double[] growth(Table table, int row) {
    return job.updates() == Updates.PER_RATING
        ? table.squares[row]
        : Arrays.stream(table.g[row]).map(g -> g * g).toArray();
  }

  private void adam(
      Table table, int row, int at, double rate, double beta1, double beta2, double epsilon) {
    double g = table.g[row][at];
    double t = (double) (moves + 1);
    double alpha = rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
    table.m[row][at] = beta1 * table.m[row][at] + (1 - beta1) * g;
    table.v[row][at] = beta2 * table.v[row][at] + (1 - beta2) * g * g;
    table.w[row][at] -= alpha * table.m[row][at] / (Math.sqrt(table.v[row][at]) + epsilon);
  }

  /** The weights, rounded to float. */
  Weights weights() {
    Weights copy = job.start().weights().copy(Arena.ofAuto());
    fill(users, copy.userFactors());
    fill(items, copy.itemFactors());
    if (copy.userBias() != null && copy.itemBias() != null) {
      fill(userBias, copy.userBias());
      fill(itemBias, copy.itemBias());
    }
    if (copy.dense() != null) {
      copy.dense().set(0, 0, (float) dense.w[0][0]);
      copy.dense().set(0, 1, (float) dense.w[1][0]);
    }
    return copy;
  }

  private static void fill(Table from, FloatTable to) {
    for (int row = 0; row < from.w.length; row++) {
      for (int column = 0; column < from.w[row].length; column++) {
        to.set(row, column, (float) from.w[row][column]);
      }
    }
  }
}
