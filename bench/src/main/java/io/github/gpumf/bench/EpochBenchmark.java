package io.github.gpumf.bench;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One epoch of the biased model on synthetic ratings of the shape of MovieLens 1M. The counter
 * {@code ratings} is ratings a second.
 *
 * <p>Before anything is timed, an epoch on the backend is compared with one on the scalar backend:
 * a fast wrong epoch ends the benchmark.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:MaxDirectMemorySize=8g"
    })
public class EpochBenchmark {
  /**
   * After some thousand steps on 1 M ratings; single steps differ by a few roundings of a float,
   * and training neither damps nor much amplifies them. A wrong formula differs in the first digit.
   */
  private static final double TOLERANCE = 1e-3;

  /** Where the epoch runs. */
  @Param({"scalar", "vector"})
  public String backend = "";

  /** k. */
  @Param({"16", "64", "128"})
  public int factors;

  /** How weights move. */
  @Param({"adam", "lazy-adam", "sgd"})
  public String optimizer = "";

  /** Ratings a step. */
  @Param("1024")
  public int batchSize;

  /** Threads of the epoch; the scalar backend has one. */
  @Param("1")
  public int threads;

  private @Nullable TrainingSession session;
  private long batches;
  private long ratings;
  private int epoch;

  /** For JMH. */
  public EpochBenchmark() {}

  /** Ratings done, for ratings a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    /** Ratings trained on. */
    public long ratings;

    /** For JMH. */
    public Counters() {}
  }

  private static Optimizer optimizer(String name) {
    return switch (name) {
      case "adam" -> new Adam(1e-3);
      case "lazy-adam" -> new LazyAdam(1e-3);
      case "sgd" -> new Sgd(1);
      default -> throw new IllegalArgumentException("optimizer " + name + " is not known here");
    };
  }

  private TrainingJob job(Ratings data) {
    Mf spec = Mf.biased(factors).withMeanOffset(true);
    Optimizer rule = optimizer(optimizer);
    TrainingState start = TrainingState.initial(data, spec, rule, 1);
    return new TrainingJob(data, spec, rule, batchSize, true, 1, threads, 1e6, start);
  }

  /** Checks the backend and opens the session. */
  @Setup(Level.Trial)
  public void open() {
    Ratings data = SyntheticRatings.movieLensLike().withSize(6_040, 3_706, 1_000_209).generate();
    TrainingJob job = job(data);
    batches = job.batchesPerEpoch();
    ratings = data.size();
    if (!backend.equals("scalar")) {
      compare(job);
    }
    session = Backends.select(backend).backend().openTraining(job);
  }

  private void compare(TrainingJob job) {
    Weights expected = afterOneEpoch("scalar", job);
    Weights actual = afterOneEpoch(backend, job);
    double difference =
        Math.max(
            difference(expected.userFactors(), actual.userFactors()),
            difference(expected.itemFactors(), actual.itemFactors()));
    if (!(difference <= TOLERANCE)) {
      throw new IllegalStateException(
          backend + " and scalar differ by " + difference + " after an epoch");
    }
  }

  private static Weights afterOneEpoch(String name, TrainingJob job) {
    try (TrainingSession training = Backends.select(name).backend().openTraining(job)) {
      training.run(0, 0, job.batchesPerEpoch());
      return training.weights(Slot.CURRENT);
    }
  }

  private static double difference(FloatTable x, FloatTable y) {
    double largest = 0;
    for (long row = 0; row < x.rows(); row++) {
      for (int column = 0; column < x.columns(); column++) {
        largest = Math.max(largest, Math.abs((double) x.get(row, column) - y.get(row, column)));
      }
    }
    return largest;
  }

  /**
   * Runs an epoch.
   *
   * @param counters counts its ratings
   * @return what came of it, so that nothing is optimized away
   */
  @Benchmark
  public TrainingSession.EpochTotals epoch(Counters counters) {
    TrainingSession.EpochTotals report = Objects.requireNonNull(session).run(epoch++, 0, batches);
    if (report.diverged()) {
      throw new IllegalStateException("diverged in epoch " + epoch);
    }
    counters.ratings += ratings;
    return report;
  }

  /** Closes the session. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(session).close();
  }
}
