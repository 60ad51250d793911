package io.github.gpumf.backend.vector;

import io.github.gpumf.bench.RowCounters;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The vector backend's operators on rows: the dot product, and a row's move by Sgd and by Adam. The
 * counters are rows and bytes a second; {@code ScalarRowBenchmark} has those of the oracle.
 *
 * <p>Before anything is timed, each result is compared with the formula in double precision.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class VectorRowBenchmark {
  /** Rows of a table: at k = 64 four tables take half of an L2 cache of a megabyte. */
  private static final int ROWS = 512;

  private static final double RATE = 1e-3;

  /** Roundings of a float in sums of some hundred products below 1. */
  private static final double TOLERANCE = 1e-4;

  /** k. */
  @Param({"16", "64", "128"})
  public int factors;

  private final Arena arena = Arena.ofAuto();
  private @Nullable PaddedTable weights;
  private @Nullable PaddedTable gradients;
  private @Nullable PaddedTable first;
  private @Nullable PaddedTable second;
  private @Nullable RowUpdate sgd;
  private @Nullable RowUpdate adam;

  /** For JMH. */
  public VectorRowBenchmark() {}

  /** Fills the tables and checks a row of each operator. */
  @Setup(Level.Trial)
  public void open() {
    weights = random(1);
    gradients = random(2);
    first = PaddedTable.ofRows(ROWS, factors, arena);
    second = PaddedTable.ofRows(ROWS, factors, arena);
    Shaped.Shape shape = Shaped.Shape.ofRows(weights.rowBytes());
    sgd = RowUpdate.of(new Sgd(RATE), shape);
    adam = RowUpdate.of(new LazyAdam(RATE), shape);
    sgd.startStep(0, 1);
    adam.startStep(0, 1);
    check();
  }

  private PaddedTable random(int seed) {
    PaddedTable table = PaddedTable.ofRows(ROWS, factors, arena);
    Random random = new Random(seed);
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < factors; column++) {
        Lanes.set(table.row(row) + (long) column * Float.BYTES, random.nextFloat());
      }
    }
    return table;
  }

  private void check() {
    PaddedTable w = Objects.requireNonNull(weights);
    PaddedTable g = Objects.requireNonNull(gradients);
    double dot = 0;
    for (int column = 0; column < factors; column++) {
      long at = (long) column * Float.BYTES;
      dot += (double) Lanes.get(w.row(0) + at) * Lanes.get(g.row(0) + at);
    }
    require("dot", dot, Rows.dot(w.row(0), g.row(0), w.rowBytes()));
    float before = Lanes.get(w.row(0));
    float gradient = Lanes.get(g.row(0));
    move(Objects.requireNonNull(sgd), 0);
    require("sgd", before - RATE * gradient, Lanes.get(w.row(0)));
    before = Lanes.get(w.row(0));
    // Adam's first move is the rate, whatever the gradient: m and v are corrected to g and g^2.
    move(Objects.requireNonNull(adam), 0);
    require("adam", before - RATE * gradient / (gradient + 1e-7), Lanes.get(w.row(0)));
  }

  private static void require(String what, double expected, double actual) {
    if (!(Math.abs(expected - actual) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
      throw new IllegalStateException(what + " is " + actual + ", not " + expected);
    }
  }

  private void move(RowUpdate update, int row) {
    PaddedTable w = Objects.requireNonNull(weights);
    update.moveRow(
        w.row(row),
        Objects.requireNonNull(first).row(row),
        Objects.requireNonNull(second).row(row),
        Objects.requireNonNull(gradients).row(row),
        w.rowBytes(),
        factors);
  }

  /**
   * Dot products of all rows with those of another table.
   *
   * @param counters counts them
   * @return their sum, so that nothing is optimized away
   */
  @Benchmark
  public float dot(RowCounters counters) {
    PaddedTable w = Objects.requireNonNull(weights);
    PaddedTable g = Objects.requireNonNull(gradients);
    float sum = 0;
    for (int row = 0; row < ROWS; row++) {
      sum += Rows.dot(w.row(row), g.row(row), w.rowBytes());
    }
    counters.add(ROWS, 2L * Float.BYTES * factors);
    return sum;
  }

  /**
   * Moves all rows by Sgd.
   *
   * @param counters counts them
   */
  @Benchmark
  public void sgd(RowCounters counters) {
    for (int row = 0; row < ROWS; row++) {
      move(Objects.requireNonNull(sgd), row);
    }
    counters.add(ROWS, 3L * Float.BYTES * factors);
  }

  /**
   * Moves all rows by Adam.
   *
   * @param counters counts them
   */
  @Benchmark
  public void adam(RowCounters counters) {
    for (int row = 0; row < ROWS; row++) {
      move(Objects.requireNonNull(adam), row);
    }
    counters.add(ROWS, 7L * Float.BYTES * factors);
  }
}
