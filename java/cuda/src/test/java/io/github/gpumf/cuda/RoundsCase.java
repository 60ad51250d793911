package io.github.gpumf.cuda;

import io.github.gpumf.backend.RatingGrid;
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
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Rounds of some blocks for {@code rounds.cuh}. A block has few users and items and visits them in
 * random order, so that rows come back at once, after one other group, after two, and so on.
 */
final class RoundsCase {
  private static final int STRIPES = 3;
  private static final int USERS_OF_STRIPE = 11;
  private static final int ITEMS_OF_STRIPE = 5;
  private static final int USERS = STRIPES * USERS_OF_STRIPE;
  private static final int ITEMS = STRIPES * ITEMS_OF_STRIPE;

  /**
   * Sizes of the groups of each block, round by round, those that share their item negative: whole
   * ones, then what is left of an item.
   */
  private static final int[][] GROUPS = {
    {-8, -8, -5, 4, 1, 3, 4},
    {1},
    {-8, -2, 4, 4, 2, 4, 3, 3},
    {},
    {-8, -8, -7, -8, -3, -8, -8, -6},
    {2},
    {4},
    {3, 2, 1},
    {-8, -4, 4, 4, 4, 4, 4, 1, 1}
  };

  private static final int ROUNDS = GROUPS.length / STRIPES;
  private static final int FLAG = 8;

  private static final float OFFSET = 2.5f;
  private static final float RATE = 0.01f;
  private static final float REGULARIZATION = 0.03f;
  private static final float BIAS_REGULARIZATION = 0.02f;
  private static final double NO_LIMIT = 1e9;

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
  private final List<List<List<Rating>>> blocks = new ArrayList<>();
  private final List<float[]> start = new ArrayList<>();

  RoundsCase(Optimizer optimizer, Precision precision, int k, boolean weighted) {
    this.optimizer = optimizer;
    this.precision = precision;
    this.k = k;
    this.weighted = weighted;
    Draws draws = new Draws(k);
    for (int block = 0; block < GROUPS.length; block++) {
      int number = block % STRIPES;
      int users = number * USERS_OF_STRIPE;
      int items = (number + block / STRIPES) % STRIPES * ITEMS_OF_STRIPE;
      List<List<Rating>> groups = new ArrayList<>();
      for (int size : GROUPS[block]) {
        groups.add(group(size, users, items, draws));
      }
      blocks.add(groups);
    }
    side(USERS, draws);
    side(ITEMS, draws);
    if (precision == Precision.HALF) {
      toHalves(start.get(0), 0, USERS * k);
      toHalves(start.get(TABLES_OF_SIDE), 0, ITEMS * k);
    }
  }

  private List<Rating> group(int marked, int firstUser, int firstItem, Draws draws) {
    int size = Math.abs(marked);
    boolean together = marked < 0;
    int[] users = different(size, USERS_OF_STRIPE, draws);
    int[] items =
        together ? draws.rows(1, ITEMS_OF_STRIPE) : different(size, ITEMS_OF_STRIPE, draws);
    float[] values = draws.floats(size, 1, 5);
    float[] weights = draws.floats(size, 0.5f, 2);
    List<Rating> group = new ArrayList<>();
    for (int at = 0; at < size; at++) {
      int user = firstUser + users[at];
      int item = firstItem + items[together ? 0 : at];
      group.add(new Rating(user, item, values[at], weighted ? weights[at] : 1));
    }
    return group;
  }

  private static int[] different(int count, int rows, Draws draws) {
    return IntStream.generate(() -> draws.rows(1, rows)[0]).distinct().limit(count).toArray();
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
    return sizeUpTo(ROUNDS - 1);
  }

  /** Ratings of a round and those before it. */
  int sizeUpTo(int round) {
    return Arrays.stream(GROUPS, 0, (round + 1) * STRIPES)
        .flatMapToInt(Arrays::stream)
        .map(Math::abs)
        .sum();
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
    return train(binding, shape, ofAnyLength, NO_LIMIT, ROUNDS, false);
  }

  Numbers train(String binding, LaunchShape shape, double lossLimit) {
    return train(binding, shape, false, lossLimit, ROUNDS, false);
  }

  /** Trains on all rounds in one launch, whose warps wait for one another. */
  Numbers trainAtOnce(String binding, LaunchShape shape) {
    return train(binding, shape, false, NO_LIMIT, ROUNDS, true);
  }

  /** Trains on the first rounds. */
  Numbers trainRounds(String binding, LaunchShape shape, int rounds) {
    return train(binding, shape, false, NO_LIMIT, rounds, false);
  }

  double[] meanSquaredErrors(String binding) {
    double[] errors = new double[ROUNDS];
    double before = 0;
    for (int round = 0; round < errors.length; round++) {
      double sum = trainRounds(binding, LaunchShape.of(1, 32), round + 1).totals().get(1);
      errors[round] = (sum - before) / sizeOf(round);
      before = sum;
    }
    return errors;
  }

  private long sizeOf(int round) {
    int before = round == 0 ? 0 : sizeUpTo(round - 1);
    return (long) sizeUpTo(round) - before;
  }

  private Numbers train(
      String binding,
      LaunchShape shape,
      boolean ofAnyLength,
      double lossLimit,
      int rounds,
      boolean atOnce) {
    String file = RatingSteps.file(optimizer, precision);
    String kernel = RatingSteps.kernel(optimizer, precision, ofAnyLength ? Integer.MAX_VALUE : k);
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer stop = gpu.of(0);
      DeviceBuffer totals = gpu.of(0.0, 0, 0, 0);
      DeviceBuffer done = gpu.of(new int[STRIPES * FLAG]);
      DeviceBuffer squaredErrors = gpu.allocate((long) GROUPS.length * Double.BYTES);
      float[] rates = new float[rounds];
      Arrays.fill(rates, RATE);
      List<Object> arguments = new ArrayList<>(List.of(stop));
      arguments.add(gpu.of(IntStream.range(0, rounds).toArray()));
      arguments.addAll(List.of(gpu.of(rates), 0, 0));
      arguments.addAll(List.of(gpu.of(ratings()), gpu.of(heads()), gpu.of(places())));
      arguments.addAll(List.of(STRIPES, STRIPES, 1, done));
      List<Object> tables = new ArrayList<>();
      for (int table = 0; table < start.size(); table++) {
        float[] numbers = start.get(table);
        tables.add(numbers.length == 0 ? Gpu.NULL : upload(gpu, table));
      }
      arguments.addAll(tables);
      arguments.addAll(List.of(Gpu.vectors(k), k, OFFSET, beta1(), beta2(), epsilon()));
      arguments.addAll(List.of(2 * REGULARIZATION, 2 * BIAS_REGULARIZATION, squaredErrors));
      for (int round = 0; round < rounds && !atOnce; round++) {
        arguments.set(3, round);
        arguments.set(4, round + 1);
        gpu.run(file, kernel, shape, arguments.toArray());
      }
      if (atOnce) {
        arguments.set(4, rounds);
        gpu.runAtOnce(file, kernel, shape, arguments.toArray());
      }
      gpu.run(
          "totals",
          "add_rounds",
          LaunchShape.of(1, 64),
          stop,
          0L,
          rounds,
          gpu.of(IntStream.range(0, rounds).mapToLong(this::sizeOf).toArray()),
          squaredErrors,
          STRIPES,
          gpu.allocate((long) rounds * Double.BYTES),
          totals,
          lossLimit);
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

  /** With some more at the end, which are looked at ahead. */
  private int[] ratings() {
    IntStream words =
        blocks.stream()
            .flatMap(List::stream)
            .flatMap(List::stream)
            .flatMapToInt(
                rating ->
                    IntStream.of(
                        rating.user(),
                        rating.item(),
                        Float.floatToRawIntBits(rating.value()),
                        Float.floatToRawIntBits(rating.weight())));
    return IntStream.concat(words, IntStream.generate(() -> 0).limit(4L * RatingGrid.TOGETHER))
        .toArray();
  }

  private long[] heads() {
    List<Long> heads = new ArrayList<>();
    long at = 0;
    for (List<List<Rating>> groups : blocks) {
      List<Rating> before = List.of();
      for (List<Rating> group : groups) {
        boolean shares = haveOneItem(group);
        boolean first = before.isEmpty() || haveOneItem(before) != shares;
        boolean users = !first && meet(before, group, Rating::user);
        boolean items = !first && meet(before, group, Rating::item);
        int late = users || (items && !shares) ? 1 << 4 : 0;
        int kept = items && shares ? 1 << 5 : 0;
        heads.add(at << 8 | kept | late | group.size());
        at += group.size();
        before = group;
      }
    }
    return heads.stream().mapToLong(Long::longValue).toArray();
  }

  private static boolean meet(List<Rating> some, List<Rating> others, ToIntFunction<Rating> row) {
    return some.stream()
        .anyMatch(x -> others.stream().anyMatch(y -> row.applyAsInt(x) == row.applyAsInt(y)));
  }

  private static boolean haveOneItem(List<Rating> group) {
    return group.size() > 1 && group.get(0).item() == group.get(1).item();
  }

  /** Of each block the first group and rating, how many groups of both kinds, and ratings. */
  private static long[] places() {
    long[] places = new long[4 * GROUPS.length];
    long first = 0;
    long rating = 0;
    for (int block = 0; block < GROUPS.length; block++) {
      long together = Arrays.stream(GROUPS[block]).filter(size -> size < 0).count();
      long ratings = Arrays.stream(GROUPS[block]).map(Math::abs).sum();
      places[4 * block] = first;
      places[4 * block + 1] = rating;
      places[4 * block + 2] = (GROUPS[block].length - together) << Integer.SIZE | together;
      places[4 * block + 3] = ratings;
      first += GROUPS[block].length;
      rating += ratings;
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
    for (List<List<Rating>> groups : blocks) {
      for (List<Rating> group : groups) {
        squaredError += move(tables, group);
      }
    }
    return new Doubles(tables, squaredError);
  }

  /** All ratings are predicted; then each row moves once. */
  private double move(List<double[]> tables, List<Rating> group) {
    List<double[]> userSide = tables.subList(0, TABLES_OF_SIDE);
    List<double[]> itemSide = tables.subList(TABLES_OF_SIDE, 2 * TABLES_OF_SIDE);
    Map<Integer, double[]> ofUsers = new TreeMap<>();
    Map<Integer, double[]> ofItems = new TreeMap<>();
    double squaredError = 0;
    for (Rating rating : group) {
      double[] p = row(userSide.getFirst(), rating.user());
      double[] q = row(itemSide.getFirst(), rating.item());
      double error =
          OFFSET + userSide.get(3)[rating.user()] + itemSide.get(3)[rating.item()] - rating.value();
      for (int factor = 0; factor < k; factor++) {
        error += p[factor] * q[factor];
      }
      squaredError += rating.weight() * error * error;
      double slope = 2 * rating.weight() * error;
      add(ofUsers, rating.user(), slope, q, p, userSide.get(3)[rating.user()]);
      add(ofItems, rating.item(), slope, p, q, itemSide.get(3)[rating.item()]);
    }
    ofUsers.forEach((row, gradient) -> move(userSide, row, gradient));
    ofItems.forEach((row, gradient) -> move(itemSide, row, gradient));
    return squaredError;
  }

  /**
   * Adds a rating to the gradient of a row, whose last number is that of the bias, and the squares
   * of what it adds to as many numbers after them.
   */
  private void add(
      Map<Integer, double[]> gradients,
      int row,
      double slope,
      double[] other,
      double[] own,
      double bias) {
    double[] gradient = gradients.computeIfAbsent(row, r -> new double[2 * (k + 1)]);
    for (int at = 0; at <= k; at++) {
      double ofRating =
          at < k
              ? slope * other[at] + 2 * REGULARIZATION * own[at]
              : slope + 2 * BIAS_REGULARIZATION * bias;
      gradient[at] += ofRating;
      gradient[k + 1 + at] += ofRating * ofRating;
    }
  }

  private double[] row(double[] table, int row) {
    return Arrays.copyOfRange(table, row * k, (row + 1) * k);
  }

  private void move(List<double[]> side, int row, double[] gradient) {
    if (byRow()) {
      double squares = Arrays.stream(gradient, k + 1, 2 * k + 1).sum();
      double sum = side.get(1)[row] += squares / k;
      for (int at = 0; at < k; at++) {
        side.get(0)[row * k + at] -= RATE * gradient[at] / (Math.sqrt(sum) + epsilon());
      }
    } else {
      for (int at = 0; at < k; at++) {
        move(side.subList(0, 3), row * k + at, gradient[at], gradient[k + 1 + at]);
      }
    }
    if (precision == Precision.HALF) {
      toHalves(side.getFirst(), row * k, (row + 1) * k);
    }
    move(side.subList(3, TABLES_OF_SIDE), row, gradient[k], gradient[2 * k + 1]);
  }

  private void move(List<double[]> weightAndSlots, int at, double gradient, double squares) {
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
        first[at] += squares;
        weights[at] -= RATE * gradient / (Math.sqrt(first[at]) + epsilon());
      }
      default -> weights[at] -= RATE * gradient;
    }
  }
}
