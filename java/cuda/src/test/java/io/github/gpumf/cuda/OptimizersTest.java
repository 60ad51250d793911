package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code optimizers.cu}, against the formulas in float and in double. */
final class OptimizersTest {
  private static final int ROWS = 45;
  private static final int BLOCKS = 3;

  /** The batch's part of the sorted positions: some before it, and rows that come again. */
  private static final int[] SORTED_ROWS = {8, 9, 0, 0, 0, 3, 7, 7, 31, 44, 44};

  private static final int START = 2;

  private static final float RATE = 0.05f;
  private static final float A = 0.1f;
  private static final float B = 0.001f;
  private static final float EPSILON = 1e-7f;

  /** One weight's move. */
  private interface Rule {
    /** Moves x = {w, first, second} along g, in float, operation by operation as on the CPU. */
    void move(float[] x, float g);
  }

  private static Rule rule(String name) {
    return switch (name) {
      case "adam" ->
          (x, g) -> {
            x[1] += (g - x[1]) * A;
            x[2] += (g * g - x[2]) * B;
            x[0] -= x[1] * RATE / ((float) Math.sqrt(x[2]) + EPSILON);
          };
      case "sgd" -> (x, g) -> x[0] = Math.fma(-RATE, g, x[0]);
      case "adagrad" ->
          (x, g) -> {
            x[1] += g * g;
            x[0] -= g * RATE / ((float) Math.sqrt(x[1]) + EPSILON);
          };
      default -> throw new AssertionError(name);
    };
  }

  private static int slots(String name) {
    return name.equals("adam") ? 2 : name.equals("sgd") ? 0 : 1;
  }

  static List<Arguments> rulesAndBindings() {
    return Stream.of("adam", "sgd", "adagrad")
        .flatMap(rule -> Gpu.BINDINGS.stream().map(binding -> Arguments.of(rule, binding)))
        .toList();
  }

  /** Weights, the optimizer's numbers, and gradients of a table. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares tables as values.
  private record Table(float[] weights, float[] first, float[] second, float[] gradient) {
    static Table random(int count, boolean fresh) {
      Draws draws = new Draws(count);
      return new Table(
          draws.floats(count, -1, 1),
          fresh ? new float[count] : draws.floats(count, 0, 0.5f),
          fresh ? new float[count] : draws.floats(count, 0, 0.5f),
          draws.floats(count, -0.1f, 0.1f));
    }

    Table copy() {
      return new Table(weights.clone(), first.clone(), second.clone(), gradient.clone());
    }

    void move(Rule rule, int at, float l2x2) {
      float[] x = {weights[at], first[at], second[at]};
      rule.move(x, Math.fma(l2x2, weights[at], gradient[at]));
      weights[at] = x[0];
      first[at] = x[1];
      second[at] = x[2];
      gradient[at] = 0;
    }
  }

  private record OnDevice(
      Gpu gpu,
      DeviceBuffer weights,
      DeviceBuffer first,
      DeviceBuffer second,
      DeviceBuffer gradient) {
    static OnDevice of(Gpu gpu, Table table, int k) {
      return new OnDevice(
          gpu,
          gpu.table(table.weights, k),
          gpu.table(table.first, k),
          gpu.table(table.second, k),
          gpu.table(table.gradient, k));
    }

    /** A pointer to a slot, or to nothing where the rule has none. */
    Object slot(int slot, int slots) {
      return slot >= slots ? Gpu.NULL : slot == 0 ? first : second;
    }

    void assertIs(Table expected, int k, int slots, String what) {
      assertArrayEquals(expected.weights, gpu.rows(weights, k), what);
      assertArrayEquals(expected.first, gpu.rows(first, k), what + ", first slot " + slots);
      assertArrayEquals(expected.second, gpu.rows(second, k), what + ", second slot " + slots);
      assertArrayEquals(expected.gradient, gpu.rows(gradient, k), what + ", gradient");
    }
  }

  @ParameterizedTest
  @MethodSource("rulesAndBindings")
  void moveWholeTables(String name, String binding) {
    for (int k : Sizes.FACTORS) {
      for (float l2x2 : new float[] {0, 0.02f}) {
        Table start = Table.random(ROWS * k, k % 2 == 0);
        Table expected = start.copy();
        for (int at = 0; at < ROWS * k; at++) {
          expected.move(rule(name), at, l2x2);
        }
        double squares = 0;
        for (float weight : expected.weights) {
          squares += (double) weight * weight;
        }
        for (int threads : Sizes.THREADS) {
          try (Gpu gpu = Gpu.open(binding)) {
            OnDevice table = OnDevice.of(gpu, start, k);
            DeviceBuffer partials = gpu.allocate(8L * BLOCKS);
            gpu.run(
                "optimizers",
                name + "_table",
                LaunchShape.of(BLOCKS, threads),
                gpu.of(0),
                gpu.batch(0, 0, 1, RATE),
                table.weights,
                table.slot(0, slots(name)),
                table.slot(1, slots(name)),
                table.gradient,
                (long) ROWS * Gpu.vectors(k),
                l2x2,
                A,
                B,
                EPSILON,
                partials);
            table.assertIs(expected, k, slots(name), name + ", k = " + k);
            double sum = Arrays.stream(gpu.doubles(partials)).sum();
            assertEquals(squares, sum, 1e-12 * squares, "doubles, added in another order");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rulesAndBindings")
  void moveTheRowsOfABatch(String name, String binding) {
    for (int k : Sizes.FACTORS) {
      Table start = Table.random(ROWS * k, false);
      Table expected = start.copy();
      Arrays.stream(SORTED_ROWS)
          .skip(START)
          .distinct()
          .forEach(
              row -> {
                for (int at = row * k; at < (row + 1) * k; at++) {
                  expected.move(rule(name), at, 0.02f);
                }
              });
      for (int threads : Sizes.THREADS) {
        try (Gpu gpu = Gpu.open(binding)) {
          OnDevice table = OnDevice.of(gpu, start, k);
          gpu.run(
              "optimizers",
              name + "_rows",
              LaunchShape.of(BLOCKS, threads),
              gpu.of(0),
              gpu.batch(0, START, SORTED_ROWS.length - START, RATE),
              gpu.of(SORTED_ROWS),
              table.weights,
              table.slot(0, slots(name)),
              table.slot(1, slots(name)),
              table.gradient,
              Gpu.vectors(k),
              Gpu.group(k),
              0.02f,
              A,
              B,
              EPSILON);
          table.assertIs(expected, k, slots(name), name + ", k = " + k);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rulesAndBindings")
  void moveSingleNumbersOfABatch(String name, String binding) {
    Table start = Table.random(ROWS, false);
    Table expected = start.copy();
    Arrays.stream(SORTED_ROWS)
        .skip(START)
        .distinct()
        .forEach(row -> expected.move(rule(name), row, 0));
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice table = OnDevice.of(gpu, start, ROWS);
      gpu.run(
          "optimizers",
          name + "_elements",
          LaunchShape.of(BLOCKS, 32),
          gpu.of(0),
          gpu.batch(0, START, SORTED_ROWS.length - START, RATE),
          gpu.of(SORTED_ROWS),
          table.weights,
          table.slot(0, slots(name)),
          table.slot(1, slots(name)),
          table.gradient,
          A,
          B,
          EPSILON);
      table.assertIs(expected, ROWS, slots(name), name);
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void adaGradWithOneNumberARow(String binding) {
    for (int k : Sizes.FACTORS) {
      for (boolean whole : new boolean[] {true, false}) {
        Table start = Table.random(ROWS * k, false);
        float[] sums = new Draws(k).floats(ROWS, 0, 0.1f);
        double[] expectedSums = new double[ROWS];
        double[] expected = new double[ROWS * k];
        float[] expectedGradient = start.gradient.clone();
        float l2x2 = 0.02f;
        for (int row = 0; row < ROWS; row++) {
          int of = row;
          boolean moves =
              whole || Arrays.stream(SORTED_ROWS).skip(START).anyMatch(other -> other == of);
          double squares = 0;
          for (int at = row * k; at < (row + 1) * k; at++) {
            double g = start.gradient[at] + (double) l2x2 * start.weights[at];
            squares += g * g;
          }
          expectedSums[row] = moves ? sums[row] + squares / k : sums[row];
          for (int at = row * k; at < (row + 1) * k; at++) {
            double g = start.gradient[at] + (double) l2x2 * start.weights[at];
            double pace = RATE / (Math.sqrt(expectedSums[row]) + EPSILON);
            expected[at] = moves ? start.weights[at] - pace * g : start.weights[at];
            expectedGradient[at] = moves ? 0 : start.gradient[at];
          }
        }
        for (int threads : Sizes.THREADS) {
          try (Gpu gpu = Gpu.open(binding)) {
            OnDevice table = OnDevice.of(gpu, start, k);
            DeviceBuffer sumsOfRows = gpu.of(sums);
            List<Object> arguments = new ArrayList<>(List.of(gpu.of(0)));
            arguments.add(gpu.batch(0, START, SORTED_ROWS.length - START, RATE));
            if (!whole) {
              arguments.add(gpu.of(SORTED_ROWS));
            }
            arguments.addAll(List.of(table.weights, sumsOfRows, table.gradient));
            if (whole) {
              arguments.add((long) ROWS);
            }
            arguments.addAll(List.of(Gpu.vectors(k), k, Gpu.group(k), l2x2, EPSILON));
            gpu.run(
                "optimizers",
                whole ? "adagrad_row_table" : "adagrad_row_rows",
                LaunchShape.of(BLOCKS, threads),
                arguments.toArray());
            String what = "k = " + k + (whole ? ", whole table" : ", rows of a batch");
            double tolerance = Near.tolerance(k);
            assertNear(expected, gpu.rows(table.weights, k), tolerance, 1, what);
            assertNear(expectedSums, gpu.floats(sumsOfRows), tolerance, 0.01, what);
            assertArrayEquals(expectedGradient, gpu.rows(table.gradient, k), what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rulesAndBindings")
  void anEmptyBatchMovesNothing(String name, String binding) {
    Table start = Table.random(ROWS * 5, false);
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice table = OnDevice.of(gpu, start, 5);
      gpu.run(
          "optimizers",
          name + "_rows",
          LaunchShape.of(1, 64),
          gpu.of(0),
          gpu.batch(0, START, 0, RATE),
          gpu.of(SORTED_ROWS),
          table.weights,
          table.slot(0, slots(name)),
          table.slot(1, slots(name)),
          table.gradient,
          Gpu.vectors(5),
          Gpu.group(5),
          0.02f,
          A,
          B,
          EPSILON);
      table.assertIs(start, 5, slots(name), name);
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void nothingMovesOnceABatchHasDiverged(String binding) {
    Table start = Table.random(8, false);
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice table = OnDevice.of(gpu, start, 8);
      for (String name : List.of("adam", "sgd", "adagrad")) {
        gpu.run(
            "optimizers",
            name + "_table",
            LaunchShape.of(1, 32),
            gpu.of(1),
            gpu.batch(0, 0, 1, RATE),
            table.weights,
            table.slot(0, slots(name)),
            table.slot(1, slots(name)),
            table.gradient,
            2L,
            0f,
            A,
            B,
            EPSILON,
            Gpu.NULL);
        table.assertIs(start, 8, slots(name), name);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void squaresAndFiniteness(String binding) {
    float[] weights = new Draws(4).floats(1000, -3, 3);
    double expected = 0;
    for (float weight : weights) {
      expected += (double) weight * weight;
    }
    try (Gpu gpu = Gpu.open(binding)) {
      DeviceBuffer partials = gpu.allocate(8L * BLOCKS);
      gpu.run(
          "optimizers",
          "sum_of_squares",
          LaunchShape.of(BLOCKS, 64),
          gpu.of(weights),
          250L,
          partials);
      double sum = Arrays.stream(gpu.doubles(partials)).sum();
      assertEquals(expected, sum, 1e-12 * expected, "doubles, added in another order");
      DeviceBuffer found = gpu.of(0);
      LaunchShape shape = LaunchShape.of(BLOCKS, 64);
      gpu.run("optimizers", "find_not_finite", shape, gpu.of(weights), 250L, found);
      assertEquals(0, gpu.ints(found)[0]);
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, 501, 999}) {
          float[] broken = weights.clone();
          broken[at] = bad;
          gpu.clear(found);
          gpu.run("optimizers", "find_not_finite", shape, gpu.of(broken), 250L, found);
          assertEquals(1, gpu.ints(found)[0], bad + " at " + at);
        }
      }
    }
  }
}
