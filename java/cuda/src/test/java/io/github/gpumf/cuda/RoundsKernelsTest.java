package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.cuda.RoundsCase.Numbers;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code rounds.cuh} against the formulas in double, and against itself in other launches. */
final class RoundsKernelsTest {
  static final List<Optimizer> OPTIMIZERS =
      List.of(
          new Sgd(0.02),
          new AdaGrad(LearningRate.constant(0.05), Accumulator.ELEMENT, 1e-7),
          new AdaGrad(LearningRate.constant(0.05), Accumulator.ROW, 1e-7),
          new LazyAdam(0.01));

  private static final LaunchShape ONE_WARP = LaunchShape.of(1, 32);

  /** Fewer warps than blocks, as many, more; blocks of one and of several warps. */
  private static final List<LaunchShape> SHAPES =
      List.of(
          ONE_WARP,
          LaunchShape.of(3, 32),
          LaunchShape.of(1, 96),
          LaunchShape.of(2, 64),
          LaunchShape.of(7, 256));

  static List<Arguments> optimizersAndBindings() {
    return OPTIMIZERS.stream()
        .flatMap(rule -> Gpu.BINDINGS.stream().map(binding -> Arguments.of(rule, binding)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("optimizersAndBindings")
  void followTheFormulas(Optimizer optimizer, String binding) {
    for (int k : Sizes.FACTORS) {
      for (boolean weighted : new boolean[] {false, true}) {
        RoundsCase rounds = new RoundsCase(optimizer, k, weighted);
        String what = optimizer + ", k = " + k + (weighted ? ", weighted" : "");
        Numbers numbers = rounds.train(binding, SHAPES.get(k % SHAPES.size()), false);
        RoundsCase.Doubles expected = rounds.doubles();
        // A rating's roundings go into those after it that share a row: some tens.
        double tolerance = 4 * Near.tolerance(k + rounds.size());
        for (int table = 0; table < expected.tables().size(); table++) {
          String which = what + ", table " + table;
          assertNear(
              expected.tables().get(table), numbers.tables().get(table), tolerance, 1, which);
        }
        assertEquals(rounds.size(), numbers.totals().get(0), what);
        assertEquals(
            expected.squaredError(),
            numbers.totals().get(1),
            tolerance * expected.squaredError(),
            what);
        assertEquals(numbers.totals().get(1), numbers.totals().get(2), what);
        assertEquals(0, numbers.totals().get(3), what);
      }
    }
  }

  private static void assertSame(Numbers expected, Numbers actual, String what) {
    assertEquals(expected.totals(), actual.totals(), what);
    for (int table = 0; table < expected.tables().size(); table++) {
      assertArrayEquals(
          expected.tables().get(table), actual.tables().get(table), what + ", table " + table);
    }
  }

  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void theLaunchDoesNotChangeABit(Optimizer optimizer) {
    for (int k : new int[] {3, 64, 100, 200, 513}) {
      RoundsCase rounds = new RoundsCase(optimizer, k, k % 2 == 0);
      Numbers expected = rounds.train("foreign", ONE_WARP, false);
      for (int run = 1; run < 10; run++) {
        TestDriver.standIn().seed(run);
        LaunchShape shape = SHAPES.get(run % SHAPES.size());
        String what = optimizer + ", k = " + k + ", " + shape;
        assertSame(expected, rounds.train("foreign", shape, false), what);
      }
    }
  }

  /**
   * Rows that wait in registers for their rating and rows that are read when it comes are the same
   * rows, in whatever order users and items come back.
   */
  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void rowsThatWereAskedForAreUpToDate(Optimizer optimizer) {
    for (int k : new int[] {1, 64, 65, 128, 129, 256}) {
      for (boolean weighted : new boolean[] {false, true}) {
        RoundsCase rounds = new RoundsCase(optimizer, k, weighted);
        assertSame(
            rounds.train("foreign", ONE_WARP, true),
            rounds.train("foreign", ONE_WARP, false),
            optimizer + ", k = " + k);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void nothingRunsAfterARoundThatDiverges(Optimizer optimizer) {
    RoundsCase rounds = new RoundsCase(optimizer, 5, true);
    double[] ofRound = rounds.meanSquaredErrors("foreign");
    // The second round is the worst: it is given more than its error, then less.
    double limit = (ofRound[0] + ofRound[1]) / 2;
    Numbers stopped = rounds.train("foreign", SHAPES.get(3), false, limit);
    int diverged = ofRound[0] > limit ? 0 : 1;
    assertEquals(diverged + 1, stopped.totals().get(3), "number of the round, from 1");
    assertEquals(rounds.sizeUpTo(diverged), stopped.totals().get(0));
    assertSame(
        rounds.trainRounds("foreign", ONE_WARP, diverged + 1),
        stopped.withoutDivergence(),
        optimizer + ": those before it moved the weights, and it did");
  }
}
