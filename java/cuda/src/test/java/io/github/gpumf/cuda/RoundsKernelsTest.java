package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.cuda.RoundsCase.Numbers;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code rounds.cuh} against the formulas in double, and against itself in other launches. */
final class RoundsKernelsTest {
  static final List<Optimizer> OPTIMIZERS =
      List.of(
          new Sgd(0.02),
          new AdaGrad(LearningRate.constant(0.05), Accumulator.ELEMENT, 1e-7),
          new AdaGrad(LearningRate.constant(0.05), Accumulator.ROW, 1e-7),
          new LazyAdam(0.01));

  private static final List<Integer> FACTORS_OF_HALVES =
      List.of(1, 2, 3, 5, 31, 32, 33, 64, 65, 100, 128, 129, 256, 257, 513, 1024);

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

  static List<Arguments> optimizersAndPrecisions() {
    return OPTIMIZERS.stream()
        .flatMap(rule -> Stream.of(Precision.values()).map(each -> Arguments.of(rule, each)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("optimizersAndBindings")
  void followTheFormulas(Optimizer optimizer, String binding) {
    for (int k : Sizes.FACTORS) {
      for (boolean weighted : new boolean[] {false, true}) {
        RoundsCase rounds = new RoundsCase(optimizer, Precision.SINGLE, k, weighted);
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

  /**
   * Where the reference has a factor next to the middle of two halves, floats may have it on the
   * other side. A factor below 1 is off by an ulp of halves then, 2^-11 at most, and what comes
   * after it by the rate times that; twice, since it may happen again. It is rare: a float that is
   * off by some 2^-23 is on the other side with a probability of some 2^-12, each time it is
   * rounded.
   */
  @ParameterizedTest
  @MethodSource("optimizersAndBindings")
  void followTheFormulasInHalfPrecision(Optimizer optimizer, String binding) {
    double tolerance = 2 * 0x1p-11;
    for (int k : FACTORS_OF_HALVES) {
      for (boolean weighted : new boolean[] {false, true}) {
        RoundsCase rounds = new RoundsCase(optimizer, Precision.HALF, k, weighted);
        String what = optimizer + ", k = " + k + (weighted ? ", weighted" : "");
        Numbers numbers = rounds.train(binding, SHAPES.get(k % SHAPES.size()), false);
        RoundsCase.Doubles expected = rounds.doubles();
        for (int table = 0; table < expected.tables().size(); table++) {
          String which = what + ", table " + table;
          assertNear(
              expected.tables().get(table), numbers.tables().get(table), tolerance, 1, which);
        }
        for (int factors : new int[] {0, RoundsCase.TABLES_OF_SIDE}) {
          double[] doubles = expected.tables().get(factors);
          float[] halves = numbers.tables().get(factors);
          long others =
              IntStream.range(0, halves.length).filter(at -> doubles[at] != halves[at]).count();
          assertTrue(
              others <= 1 + halves.length / 50,
              () -> what + ": " + others + " of " + halves.length + " are other halves");
        }
        assertEquals(
            expected.squaredError(),
            numbers.totals().get(1),
            tolerance * expected.squaredError(),
            what);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndPrecisions")
  void theLaunchDoesNotChangeABit(Optimizer optimizer, Precision precision) {
    for (int k : new int[] {3, 64, 100, 200, 513}) {
      RoundsCase rounds = new RoundsCase(optimizer, precision, k, k % 2 == 0);
      Numbers expected = rounds.train("foreign", ONE_WARP, false);
      for (int run = 1; run < 10; run++) {
        TestDriver.standIn().seed(run);
        LaunchShape shape = SHAPES.get(run % SHAPES.size());
        String what = optimizer + ", k = " + k + ", " + shape;
        assertSame(expected, rounds.train("foreign", shape, false), what);
        assertSame(expected, rounds.trainAtOnce("foreign", shape), what + ", at once");
      }
    }
  }

  /**
   * Rows that wait in registers for their group and rows that are read when it comes are the same
   * rows, in whatever order users and items come back. The kernels add products up in other orders,
   * and that goes into the roundings after it; a row that misses an update is off by a step.
   */
  @ParameterizedTest
  @MethodSource("optimizersAndPrecisions")
  void rowsThatWereAskedForAreUpToDate(Optimizer optimizer, Precision precision) {
    for (int k : new int[] {1, 64, 65, 128}) {
      for (boolean weighted : new boolean[] {false, true}) {
        RoundsCase rounds = new RoundsCase(optimizer, precision, k, weighted);
        Numbers expected = rounds.train("foreign", ONE_WARP, true);
        Numbers actual = rounds.train("foreign", ONE_WARP, false);
        double tolerance =
            precision == Precision.HALF ? 2 * 0x1p-11 : 4 * Near.tolerance(k + rounds.size());
        for (int table = 0; table < expected.tables().size(); table++) {
          float[] numbers = expected.tables().get(table);
          assertNear(
              IntStream.range(0, numbers.length).mapToDouble(at -> numbers[at]).toArray(),
              actual.tables().get(table),
              tolerance,
              1,
              optimizer + ", k = " + k + ", table " + table);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndPrecisions")
  void nothingCountsAfterARoundThatDiverges(Optimizer optimizer, Precision precision) {
    RoundsCase rounds = new RoundsCase(optimizer, precision, 5, true);
    double[] ofRound = rounds.meanSquaredErrors("foreign");
    // The second round is the worst: it is given more than its error, then less.
    double limit = (ofRound[0] + ofRound[1]) / 2;
    Numbers stopped = rounds.train("foreign", SHAPES.get(3), limit);
    int diverged = ofRound[0] > limit ? 0 : 1;
    assertEquals(diverged + 1, stopped.totals().get(3), "number of the round, from 1");
    assertEquals(rounds.sizeUpTo(diverged), stopped.totals().get(0));
    assertEquals(
        rounds.trainRounds("foreign", ONE_WARP, diverged + 1).totals(),
        stopped.withoutDivergence().totals(),
        optimizer + ": those up to it");
  }
}
