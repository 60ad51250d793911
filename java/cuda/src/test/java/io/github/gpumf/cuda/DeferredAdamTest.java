package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code deferred_adam.cu}, against Adam step by step in double. */
final class DeferredAdamTest {
  private static final String FILE = "deferred_adam";
  private static final int USERS = 45;
  private static final int ITEMS = 29;
  private static final int BLOCKS = 3;

  /** Of an epoch; the rows are caught up to one in its middle. */
  private static final int STEPS = 120;

  private static final int STEP = 90;

  /** Steps of the training before the epoch. */
  private static final int BEFORE = 35;

  private static final Adam ADAM = new Adam(LearningRate.cosine(0.01, 4).withWarmUp(0.5));
  private static final UpdateRule RULE = UpdateRule.of(ADAM);

  /** The batch's part of the sorted positions: some before it, and rows that come again. */
  private static final int[] SORTED_USERS = {8, 9, 0, 0, 0, 3, 7, 7, 31, 44, 44};

  private static final int[] SORTED_ITEMS = {1, 2, 5, 6, 7, 8, 9, 28, 28, 28, 28};

  private static final int START = 2;

  private static float alpha(long step) {
    return RULE.rate(BEFORE + step, STEPS);
  }

  /** A side's numbers, w, m and v of rows and of biases, and the steps after which they are. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares sides as values.
  private record Side(int k, int[] steps, float[][] factors, float[][] biases) {
    static Side random(int rows, int k) {
      Draws draws = new Draws(1000L * k + rows);
      int[] steps = new int[rows];
      for (int row = 0; row < rows; row++) {
        // Long ago, just now, and some a step ahead, as after a batch that has diverged.
        steps[row] = row % 5 == 0 ? STEP - row % 3 : row % 7 == 0 ? STEP + 1 : row;
      }
      return new Side(k, steps, numbers(draws, rows * k), numbers(draws, rows));
    }

    /** v from far below epsilon squared, 1e-14, to 1; m as large as its root, or smaller. */
    private static float[][] numbers(Draws draws, int count) {
      float[][] numbers = {
        draws.floats(count, -0.5f, 0.5f), draws.floats(count, -1, 1), draws.floats(count, -22, 0)
      };
      for (int at = 0; at < count; at++) {
        double v = Math.pow(10, numbers[2][at]);
        numbers[1][at] *= (float) Math.sqrt(v);
        numbers[2][at] = (float) v;
      }
      return numbers;
    }

    int rows() {
      return steps.length;
    }
  }

  private record OnDevice(
      Gpu gpu,
      Side side,
      DeviceBuffer steps,
      List<DeviceBuffer> factors,
      List<DeviceBuffer> biases) {
    static OnDevice of(Gpu gpu, Side side) {
      return new OnDevice(
          gpu,
          side,
          gpu.of(side.steps),
          Arrays.stream(side.factors).map(each -> gpu.table(each, side.k)).toList(),
          Arrays.stream(side.biases).map(gpu::column).toList());
    }

    List<Object> arguments(boolean dense) {
      List<Object> arguments = new ArrayList<>(List.of(steps));
      arguments.addAll(factors);
      arguments.addAll(dense ? List.of(Gpu.NULL, Gpu.NULL, Gpu.NULL) : biases);
      return arguments;
    }

    /**
     * Compares.
     *
     * @param moved the rows that have been caught up
     * @param next the step that they are noted to be after
     */
    void check(boolean[] moved, int next, boolean dense, String what) {
      int[] noted = gpu.ints(steps);
      float[][] rows = new float[3][];
      float[][] columns = new float[3][];
      for (int number = 0; number < 3; number++) {
        rows[number] = gpu.rows(factors.get(number), side.k);
        columns[number] = gpu.floats(biases.get(number));
      }
      for (int row = 0; row < side.rows(); row++) {
        String which = what + ", row " + row;
        assertEquals(moved[row] ? next : side.steps[row], noted[row], which);
        int last = moved[row] ? side.steps[row] : STEP;
        for (int at = row * side.k; at < (row + 1) * side.k; at++) {
          assertRested(side.factors, rows, at, last, which);
        }
        assertRested(side.biases, columns, row, dense ? STEP : last, which + ", bias");
      }
    }
  }

  /** Compares one number that has rested since a step; if that is not behind, bit by bit. */
  private static void assertRested(
      float[][] before, float[][] after, int at, int last, String what) {
    double w = before[0][at];
    double m = before[1][at];
    double v = before[2][at];
    double move = 0;
    for (int step = last; step < STEP; step++) {
      m *= ADAM.beta1();
      v *= ADAM.beta2();
      move += alpha(step) * m / (Math.sqrt(v) + ADAM.epsilon());
    }
    boolean rested = last < STEP;
    // The terms left out are 2e-8 of the move; some ten roundings of a float are more.
    double tolerance = rested ? 1e-6 * Math.abs(move) + Math.ulp((float) w) : 0;
    assertEquals(w - move, after[0][at], tolerance, what);
    assertEquals(m, after[1][at], rested ? 2e-7 * Math.abs(m) + Float.MIN_NORMAL : 0, what);
    assertEquals(v, after[2][at], rested ? 2e-7 * v + Float.MIN_NORMAL : 0, what);
  }

  private static List<Object> tails(Gpu gpu) {
    AdamTails epoch = AdamTails.of(ADAM, STEPS, DeferredAdamTest::alpha);
    double[] tails = new double[4 * (STEPS + 1)];
    double[] powers = new double[2 * (STEPS + 1)];
    for (int step = 0; step <= STEPS; step++) {
      for (int term = 0; term < 4; term++) {
        tails[4 * step + term] = epoch.tail(term, step);
      }
      powers[2 * step] = epoch.powerOfBeta1(step);
      powers[2 * step + 1] = epoch.powerOfRoot(step);
    }
    return List.of(gpu.of(tails), gpu.of(powers), RULE.epsilon());
  }

  private static boolean[] rowsOf(int[] sorted, int rows) {
    boolean[] moved = new boolean[rows];
    Arrays.stream(sorted).skip(START).forEach(row -> moved[row] = true);
    return moved;
  }

  private static boolean[] all(int rows) {
    boolean[] moved = new boolean[rows];
    Arrays.fill(moved, true);
    return moved;
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void rowsThatRestedAreWhereTheirStepsWouldHaveLeftThem(String binding) {
    for (int k : Sizes.FACTORS) {
      for (boolean ofBatch : new boolean[] {true, false}) {
        for (int threads : Sizes.THREADS) {
          boolean dense = k % 2 == 0;
          try (Gpu gpu = Gpu.open(binding)) {
            OnDevice users = OnDevice.of(gpu, Side.random(USERS, k));
            OnDevice items = OnDevice.of(gpu, Side.random(ITEMS, k));
            List<Object> arguments = new ArrayList<>(List.of(gpu.of(0)));
            arguments.addAll(
                ofBatch
                    ? List.of(
                        gpu.batch(STEP, START, SORTED_USERS.length - START, 0),
                        gpu.of(SORTED_USERS),
                        gpu.of(SORTED_ITEMS))
                    : List.of(STEP, (long) USERS, (long) ITEMS));
            arguments.addAll(users.arguments(dense));
            arguments.addAll(items.arguments(dense));
            arguments.addAll(List.of(Gpu.vectors(k), Gpu.group(k)));
            arguments.addAll(tails(gpu));
            gpu.run(
                FILE,
                ofBatch ? "catch_up_rows" : "catch_up_tables",
                LaunchShape.of(BLOCKS, threads).withGridY(2),
                arguments.toArray());
            String what = "k = " + k + (ofBatch ? ", rows of a batch" : ", all rows");
            int next = ofBatch ? STEP + 1 : STEP;
            users.check(
                ofBatch ? rowsOf(SORTED_USERS, USERS) : all(USERS), next, dense, what + ", users");
            items.check(
                ofBatch ? rowsOf(SORTED_ITEMS, ITEMS) : all(ITEMS), next, dense, what + ", items");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void aLookLeavesTheRowsWhereTheyAre(String binding) {
    int k = 6;
    Side side = Side.random(USERS, k);
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice device = OnDevice.of(gpu, side);
      float[][] seen = new float[3][];
      for (int which = 0; which < 3; which++) {
        DeviceBuffer copy = gpu.of(new float[USERS * Gpu.stride(k)]);
        List<Object> arguments =
            new ArrayList<>(List.of(STEP, which, device.steps, (long) USERS, Gpu.stride(k)));
        arguments.addAll(device.factors);
        arguments.addAll(tails(gpu));
        arguments.add(copy);
        gpu.run(FILE, "rested_numbers", LaunchShape.of(BLOCKS, 96), arguments.toArray());
        seen[which] = gpu.rows(copy, k);
      }
      for (int at = 0; at < USERS * k; at++) {
        assertRested(side.factors, seen, at, side.steps[at / k], "number " + at);
      }
      device.check(new boolean[USERS], 0, false, "the rows themselves");
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void nothingMovesOnceABatchHasDiverged(String binding) {
    int k = 6;
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice users = OnDevice.of(gpu, Side.random(USERS, k));
      OnDevice items = OnDevice.of(gpu, Side.random(ITEMS, k));
      List<Object> sides = new ArrayList<>(users.arguments(false));
      sides.addAll(items.arguments(false));
      sides.addAll(List.of(Gpu.vectors(k), Gpu.group(k)));
      sides.addAll(tails(gpu));
      DeviceBuffer stop = gpu.of(1);
      List<Object> ofRows =
          new ArrayList<>(
              List.of(
                  stop, gpu.batch(STEP, START, 9, 0), gpu.of(SORTED_USERS), gpu.of(SORTED_ITEMS)));
      ofRows.addAll(sides);
      List<Object> ofTables = new ArrayList<>(List.of(stop, STEP, (long) USERS, (long) ITEMS));
      ofTables.addAll(sides);
      LaunchShape shape = LaunchShape.of(BLOCKS, 64).withGridY(2);
      gpu.run(FILE, "catch_up_rows", shape, ofRows.toArray());
      gpu.run(FILE, "catch_up_tables", shape, ofTables.toArray());
      users.check(new boolean[USERS], 0, false, "users");
      items.check(new boolean[ITEMS], 0, false, "items");
    }
  }
}
