package io.github.gpumf.backend.scalar;

import io.github.gpumf.bench.RowCounters;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.List;
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
 * The oracle's moves of a row, by Sgd and by Adam, beside those of {@code VectorRowBenchmark}. The
 * counters are rows and bytes a second.
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
public class ScalarRowBenchmark {
  /** As many as the vector benchmark has. */
  private static final int ROWS = 512;

  private static final double RATE = 1e-3;

  /** Roundings of a float below 2. */
  private static final double TOLERANCE = 1e-6;

  /** k. */
  @Param({"16", "64", "128"})
  public int factors;

  private final Arena arena = Arena.ofAuto();
  private @Nullable FloatTable weights;
  private @Nullable FloatTable gradients;
  private List<FloatTable> moments = List.of();
  private final RowUpdate sgd = RowUpdate.of(new Sgd(RATE));
  private final RowUpdate adam = RowUpdate.of(new LazyAdam(RATE));

  /** For JMH. */
  public ScalarRowBenchmark() {}

  /** Fills the tables and checks a row of each operator. */
  @Setup(Level.Trial)
  public void open() {
    weights = random(1);
    gradients = random(2);
    moments =
        List.of(
            FloatTable.allocate(ROWS, factors, arena), FloatTable.allocate(ROWS, factors, arena));
    sgd.startStep(0, 1, 0);
    adam.startStep(0, 1, 0);
    check();
  }

  private FloatTable random(int seed) {
    FloatTable table = FloatTable.allocate(ROWS, factors, arena);
    Random random = new Random(seed);
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < factors; column++) {
        table.set(row, column, random.nextFloat());
      }
    }
    return table;
  }

  private void check() {
    FloatTable w = Objects.requireNonNull(weights);
    float gradient = Objects.requireNonNull(gradients).get(0, 0);
    float before = w.get(0, 0);
    move(sgd, 0);
    require("sgd", before - RATE * gradient, w.get(0, 0));
    before = w.get(0, 0);
    // Adam's first move is the rate, whatever the gradient: m and v are corrected to g and g^2.
    move(adam, 0);
    require("adam", before - RATE * gradient / (gradient + 1e-7), w.get(0, 0));
  }

  private static void require(String what, double expected, double actual) {
    if (!(Math.abs(expected - actual) <= TOLERANCE)) {
      throw new IllegalStateException(what + " is " + actual + ", not " + expected);
    }
  }

  private void move(RowUpdate update, int row) {
    update.move(
        Objects.requireNonNull(weights), moments, Objects.requireNonNull(gradients), null, row);
  }

  /**
   * Moves all rows by Sgd.
   *
   * @param counters counts them
   */
  @Benchmark
  public void sgd(RowCounters counters) {
    for (int row = 0; row < ROWS; row++) {
      move(sgd, row);
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
      move(adam, row);
    }
    counters.add(ROWS, 7L * Float.BYTES * factors);
  }
}
