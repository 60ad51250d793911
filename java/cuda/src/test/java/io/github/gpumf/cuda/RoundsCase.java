package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds of some blocks for {@code rounds.cuh}. A block has few users and items and visits them in
 * random order, so that rows come back at once, after one other rating, after two, and so on.
 */
final class RoundsCase {
  private static final int STRIPES = 3;
  private static final int USERS_OF_STRIPE = 7;
  private static final int ITEMS_OF_STRIPE = 4;
  private static final int USERS = STRIPES * USERS_OF_STRIPE;
  private static final int ITEMS = STRIPES * ITEMS_OF_STRIPE;

  /** Ratings of each block, round by round: none, one, as many as are asked for ahead, more. */
  private static final int[] SIZES = {9, 1, 23, 0, 31, 2, 4, 5, 12};

  private static final float OFFSET = 2.5f;
  private static final float RATE = 0.01f;
  private static final float REGULARIZATION = 0.03f;
  private static final float BIAS_REGULARIZATION = 0.02f;
  private static final double NO_LIMIT = 1e9;

  /** Numbers of a row; longer ones have the kernel for rows of any length. */
  private static final int MOST_IN_REGISTERS = 256;

  /** Of a block, at most: four warps' rows of 1,024 floats are in 32 KB. */
  private static final int THREADS_OF_LONG_ROWS = 128;

  /** Tables come in the kernels' order: factors, two slots, biases, two slots, for both sides. */
  static final int TABLES_OF_SIDE = 6;

  private record Rating(int user, int item, float value, float weight) {}

  /** What came of a training; tables that there are not are empty. */
  record Numbers(List<float[]> tables, List<Double> totals) {
    Numbers withoutDivergence() {
      return new Numbers(tables, List.of(totals.get(0), totals.get(1), totals.get(2), 0.0));
    }
  }

  /** The same in double. */
  record Doubles(List<double[]> tables, double squaredError) {}

  private final Optimizer optimizer;
  private final Precision precision;
  private final int k;
  private final boolean weighted;
  private final List<List<Rating>> blocks = new ArrayList<>();
  private final List<float[]> start = new ArrayList<>();

  RoundsCase(Optimizer optimizer, Precision precision, int k, boolean weighted) {
    this.optimizer = optimizer;
    this.precision = precision;
    this.k = k;
    this.weighted = weighted;
    Draws draws = new Draws(k);
    for (int block = 0; block < SIZES.length; block++) {
      int number = block % STRIPES;
      int users = number * USERS_OF_STRIPE;
      int items = (number + block / STRIPES) % STRIPES * ITEMS_OF_STRIPE;
      List<Rating> ratings = new ArrayList<>();
      int[] user = draws.rows(SIZES[block], USERS_OF_STRIPE);
      int[] item = draws.rows(SIZES[block], ITEMS_OF_STRIPE);
      float[] value = draws.floats(SIZES[block], 1, 5);
      float[] weight = draws.floats(SIZES[block], 0.5f, 2);
      for (int at = 0; at < SIZES[block]; at++) {
        ratings.add(
            new Rating(users + user[at], items + item[at], value[at], weighted ? weight[at] : 1));
      }
      blocks.add(ratings);
    }
    side(USERS, draws);
    side(ITEMS, draws);
    if (precision == Precision.HALF) {
      toHalves(start.get(0), 0, USERS * k);
      toHalves(start.get(TABLES_OF_SIDE), 0, ITEMS * k);
    }
  }

  /**
   * Slots begin at positive numbers: an optimizer that divides by the root of a gradient's square
   * makes a sign of it, and of a rounding next to zero a step.
   */
  private void side(int rows, Draws draws) {
    float size = (float) (1 / Math.sqrt(k));
    int slots = optimizer instanceof LazyAdam ? 2 : optimizer instanceof AdaGrad ? 1 : 0;
    start.add(draws.floats(rows * k, 0.1f * size, 0.8f * size));
    start.add(draws.floats(slots > 0 ? byRow() ? rows : rows * k : 0, 0.1f, 0.5f));
    start.add(draws.floats(slots > 1 ? rows * k : 0, 0.1f, 0.5f));
    start.add(draws.floats(rows, -0.5f, 0.5f));
    start.add(draws.floats(slots > 0 ? rows : 0, 0.1f, 0.5f));
    start.add(draws.floats(slots > 1 ? rows : 0, 0.1f, 0.5f));
  }

  private static void toHalves(float[] factors, int from, int to) {
    for (int at = from; at < to; at++) {
      factors[at] = Float.float16ToFloat(Float.floatToFloat16(factors[at]));
    }
  }

  private static void toHalves(double[] factors, int from, int to) {
    for (int at = from; at < to; at++) {
      factors[at] = Float.float16ToFloat(Float.floatToFloat16((float) factors[at]));
    }
  }

  private boolean byRow() {
    return optimizer instanceof AdaGrad adaGrad && adaGrad.accumulator() == Accumulator.ROW;
  }

  /** Whether a table has k numbers a row. */
  private boolean ofFactors(int table) {
    int ofSide = table % TABLES_OF_SIDE;
    return ofSide == 0 || (ofSide < 3 && !byRow());
  }

  int size() {
    return sizeUpTo(SIZES.length / STRIPES - 1);
  }

  /** Ratings of a round and those before it. */
  int sizeUpTo(int round) {
    return Arrays.stream(SIZES, 0, (round + 1) * STRIPES).sum();
  }

  private float beta1() {
    return optimizer instanceof LazyAdam adam ? (float) (1 - adam.beta1()) : 0;
  }

  private float beta2() {
    return optimizer instanceof LazyAdam adam ? (float) (1 - adam.beta2()) : 0;
  }

  private float epsilon() {
    return switch (optimizer) {
      case LazyAdam adam -> (float) adam.epsilon();
      case AdaGrad adaGrad -> (float) adaGrad.epsilon();
      default -> 0;
    };
  }

  /** Trains on all rounds, with the kernel for k, or with that for rows of any length. */
  Numbers train(String binding, LaunchShape shape, boolean ofAnyLength) {
    return train(binding, shape, ofAnyLength, NO_LIMIT, SIZES.length / STRIPES);
  }

  Numbers train(String binding, LaunchShape shape, boolean ofAnyLength, double lossLimit) {
    return train(binding, shape, ofAnyLength, lossLimit, SIZES.length / STRIPES);
  }

  /** Trains on the first rounds. */
  Numbers trainRounds(String binding, LaunchShape shape, int rounds) {
    return train(binding, shape, false, NO_LIMIT, rounds);
  }

  double[] meanSquaredErrors(String binding) {
    double[] errors = new double[SIZES.length / STRIPES];
    double before = 0;
    for (int round = 0; round < errors.length; round++) {
      double sum = trainRounds(binding, LaunchShape.of(1, 32), round + 1).totals().get(1);
      int size = sizeUpTo(round) - (round == 0 ? 0 : sizeUpTo(round - 1));
      errors[round] = (sum - before) / size;
      before = sum;
    }
    return errors;
  }

  private Numbers train(
      String binding, LaunchShape shape, boolean ofAnyLength, double lossLimit, int rounds) {
    String kernel = RatingSteps.kernel(optimizer, precision, ofAnyLength ? Integer.MAX_VALUE : k);
    LaunchShape launched = withRows(shape, ofAnyLength);
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer stop = gpu.of(0);
      DeviceBuffer totals = gpu.of(0.0, 0, 0, 0);
      DeviceBuffer finished = gpu.of(0);
      DeviceBuffer squaredErrors = gpu.allocate((long) STRIPES * Double.BYTES);
      DeviceBuffer words = gpu.of(words());
      DeviceBuffer places = gpu.of(places());
      List<Object> tables = new ArrayList<>();
      for (int table = 0; table < start.size(); table++) {
        float[] numbers = start.get(table);
        tables.add(numbers.length == 0 ? Gpu.NULL : upload(gpu, table));
      }
      for (int round = 0; round < rounds; round++) {
        int size = sizeUpTo(round) - (round == 0 ? 0 : sizeUpTo(round - 1));
        List<Object> arguments = new ArrayList<>();
        arguments.addAll(List.of(stop, (long) round, round, (long) size, RATE));
        arguments.addAll(List.of(words, weighted ? 4 : 3, places, STRIPES));
        arguments.addAll(tables);
        arguments.addAll(List.of(Gpu.vectors(k), k, OFFSET, beta1(), beta2(), epsilon()));
        arguments.addAll(List.of(2 * REGULARIZATION, 2 * BIAS_REGULARIZATION));
        arguments.addAll(List.of(squaredErrors, finished, totals, lossLimit));
        gpu.run(RatingSteps.file(optimizer, precision), kernel, launched, arguments.toArray());
      }
      List<float[]> ended = new ArrayList<>();
      for (int table = 0; table < start.size(); table++) {
        ended.add(
            tables.get(table) instanceof DeviceBuffer buffer
                ? download(gpu, table, buffer)
                : new float[0]);
      }
      return new Numbers(ended, Arrays.stream(gpu.doubles(totals)).boxed().toList());
    }
  }

  /** Long rows of halves have their floats in shared memory, which a block has not much of. */
  private LaunchShape withRows(LaunchShape shape, boolean ofAnyLength) {
    if (precision == Precision.SINGLE || (!ofAnyLength && k <= MOST_IN_REGISTERS)) {
      return shape;
    }
    int warps = Math.min(shape.blockX(), THREADS_OF_LONG_ROWS) / 32;
    int bytesOfWarp = 2 * ((k + 1) / 2) * 2 * Float.BYTES;
    return LaunchShape.of(shape.gridX(), 32 * warps).withShared(warps * bytesOfWarp);
  }

  private DeviceBuffer upload(Gpu gpu, int table) {
    float[] numbers = start.get(table);
    if (!ofFactors(table)) {
      return gpu.of(numbers);
    }
    return stored(table) ? gpu.halves(numbers, k) : gpu.table(numbers, k);
  }

  private float[] download(Gpu gpu, int table, DeviceBuffer buffer) {
    if (!ofFactors(table)) {
      return gpu.floats(buffer);
    }
    return stored(table)
        ? gpu.rowsOfHalves(buffer, start.get(table).length / k, k)
        : gpu.rows(buffer, k);
  }

  /** Whether a table is one of halves: factors, not the optimizer's numbers of each. */
  private boolean stored(int table) {
    return precision == Precision.HALF && table % TABLES_OF_SIDE == 0;
  }

  private int[] words() {
    List<Integer> words = new ArrayList<>();
    for (List<Rating> block : blocks) {
      for (Rating rating : block) {
        words.add(rating.user());
        words.add(rating.item());
        words.add(Float.floatToRawIntBits(rating.value()));
        if (weighted) {
          words.add(Float.floatToRawIntBits(rating.weight()));
        }
      }
    }
    return words.stream().mapToInt(Integer::intValue).toArray();
  }

  private static long[] places() {
    long[] places = new long[2 * SIZES.length];
    long at = 0;
    for (int block = 0; block < SIZES.length; block++) {
      places[2 * block] = at;
      at += SIZES[block];
      places[2 * block + 1] = at;
    }
    return places;
  }

  /** Trains on all rounds, in double. */
  Doubles doubles() {
    List<double[]> tables = new ArrayList<>();
    for (float[] table : start) {
      double[] numbers = new double[table.length];
      Arrays.setAll(numbers, at -> table[at]);
      tables.add(numbers);
    }
    double squaredError = 0;
    for (List<Rating> block : blocks) {
      for (int at = 0; at < block.size(); at++) {
        Rating rating = block.get(at);
        double[] p = row(tables.get(0), rating.user());
        double[] q = row(tables.get(TABLES_OF_SIDE), rating.item());
        double bu = tables.get(3)[rating.user()];
        double bi = tables.get(TABLES_OF_SIDE + 3)[rating.item()];
        double error = OFFSET + bu + bi - rating.value();
        for (int factor = 0; factor < k; factor++) {
          error += p[factor] * q[factor];
        }
        squaredError += rating.weight() * error * error;
        double slope = 2 * rating.weight() * error;
        move(tables.subList(0, TABLES_OF_SIDE), rating.user(), q, slope);
        move(tables.subList(TABLES_OF_SIDE, 2 * TABLES_OF_SIDE), rating.item(), p, slope);
        Rating next = at + 1 < block.size() ? block.get(at + 1) : null;
        if (precision == Precision.HALF && (next == null || next.user() != rating.user())) {
          toHalves(tables.get(0), rating.user() * k, (rating.user() + 1) * k);
        }
        if (precision == Precision.HALF && (next == null || next.item() != rating.item())) {
          toHalves(tables.get(TABLES_OF_SIDE), rating.item() * k, (rating.item() + 1) * k);
        }
      }
    }
    return new Doubles(tables, squaredError);
  }

  private double[] row(double[] table, int row) {
    return Arrays.copyOfRange(table, row * k, (row + 1) * k);
  }

  private void move(List<double[]> side, int row, double[] other, double slope) {
    double[] gradient = row(side.get(0), row);
    double squares = 0;
    for (int at = 0; at < k; at++) {
      gradient[at] = slope * other[at] + 2 * REGULARIZATION * gradient[at];
      squares += gradient[at] * gradient[at];
    }
    if (byRow()) {
      double sum = side.get(1)[row] += squares / k;
      for (int at = 0; at < k; at++) {
        side.get(0)[row * k + at] -= RATE * gradient[at] / (Math.sqrt(sum) + epsilon());
      }
    } else {
      for (int at = 0; at < k; at++) {
        move(side.subList(0, 3), row * k + at, gradient[at]);
      }
    }
    double bias = side.get(3)[row];
    move(side.subList(3, TABLES_OF_SIDE), row, slope + 2 * BIAS_REGULARIZATION * bias);
  }

  private void move(List<double[]> weightAndSlots, int at, double gradient) {
    double[] weights = weightAndSlots.get(0);
    double[] first = weightAndSlots.get(1);
    double[] second = weightAndSlots.get(2);
    switch (optimizer) {
      case LazyAdam adam -> {
        first[at] += (gradient - first[at]) * beta1();
        second[at] += (gradient * gradient - second[at]) * beta2();
        weights[at] -= RATE * first[at] / (Math.sqrt(second[at]) + epsilon());
      }
      case AdaGrad adaGrad -> {
        first[at] += gradient * gradient;
        weights[at] -= RATE * gradient / (Math.sqrt(first[at]) + epsilon());
      }
      default -> weights[at] -= RATE * gradient;
    }
  }
}
