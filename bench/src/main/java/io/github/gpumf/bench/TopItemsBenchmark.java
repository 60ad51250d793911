package io.github.gpumf.bench;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.recommend.Recommendations;
import io.github.gpumf.recommend.Recommender;
import io.github.gpumf.train.TrainingOptions;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The ten best items of one user or of many, in a model of the shape of MovieLens 1M. The counters
 * are item rows looked at, and bytes of them, a second.
 *
 * <p>Before anything is timed, the scores are compared with those of the scalar backend.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:MaxDirectMemorySize=8g"
    })
public class TopItemsBenchmark {
  private static final int COUNT = 10;

  /** Roundings of a float in scores of some hundred products. */
  private static final double TOLERANCE = 1e-4;

  /** Where the items are looked at. */
  @Param({"scalar", "vector"})
  public String backend = "";

  /** k. */
  @Param({"16", "64", "128"})
  public int factors;

  /** Users of a call. */
  @Param({"1", "256"})
  public int users;

  private @Nullable Recommender recommender;
  private List<String> asked = List.of();
  private long items;

  /** For JMH. */
  public TopItemsBenchmark() {}

  /** Trains a model, opens it and checks its answers. */
  @Setup(Level.Trial)
  public void open() {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(6_040, 3_706, 200_000).generate();
    MfModel model =
        GpuMf.train(
                ratings,
                Mf.tuned(factors),
                TrainingOptions.builder(new Sgd(1)).batchSize(256).epochs(1).build())
            .model();
    items = model.items().size();
    asked = IntStream.range(0, users).mapToObj(Integer::toString).toList();
    recommender = Recommender.of(model, backend);
    try (Recommender oracle = Recommender.of(model, "scalar")) {
      List<Recommendations> expected = oracle.recommendAll(asked, COUNT);
      List<Recommendations> actual = recommender.recommendAll(asked, COUNT);
      for (int user = 0; user < users; user++) {
        compare(expected.get(user), actual.get(user));
      }
    }
  }

  private static void compare(Recommendations expected, Recommendations actual) {
    for (int at = 0; at < COUNT; at++) {
      double wanted = expected.items().get(at).score();
      double got = actual.items().get(at).score();
      if (!(Math.abs(wanted - got) <= TOLERANCE)) {
        throw new IllegalStateException("place " + at + " has score " + got + ", not " + wanted);
      }
    }
  }

  /**
   * Answers a call.
   *
   * @param counters counts the items looked at
   * @return the answer
   */
  @Benchmark
  public List<Recommendations> topItems(RowCounters counters) {
    counters.add(users * items, (long) Float.BYTES * factors);
    return Objects.requireNonNull(recommender).recommendAll(asked, COUNT);
  }

  /** Closes the model. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(recommender).close();
  }
}
