package io.github.gpumf.bench;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.RatingsWriter;
import io.github.gpumf.data.SyntheticRatings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reads a file of a million ratings, as {@link RatingsReader} finds it. The counters are rows and
 * bytes of the file a second.
 *
 * <p>Before anything is timed, what was read is compared with what was written.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1)
public class LoadingBenchmark {
  /** What stands between the fields: MovieLens has had all three. */
  @Param({"tab", "comma", "colons"})
  public String separator = "";

  private @Nullable Path file;
  private long bytes;

  /** For JMH. */
  public LoadingBenchmark() {}

  /**
   * Writes the file and checks that it is read as it was written.
   *
   * @throws IOException if that fails
   */
  @Setup(Level.Trial)
  public void open() throws IOException {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(6_040, 3_706, 1_000_209).generate();
    Path path = Files.createTempFile("ratings", ".txt");
    file = path;
    RatingsWriter.write(ratings, path);
    String written =
        switch (separator) {
          case "tab" -> "\t";
          case "comma" -> ",";
          case "colons" -> "::";
          default -> throw new IllegalArgumentException("separator " + separator);
        };
    String text = Files.readString(path, StandardCharsets.UTF_8);
    Files.writeString(path, text.replace(text.contains("\t") ? "\t" : ",", written));
    bytes = Files.size(path);
    Ratings read = RatingsReader.of().read(path).ratings();
    if (read.size() != ratings.size()
        || read.userCount() != ratings.userCount()
        || read.meanValue() != ratings.meanValue()) {
      throw new IllegalStateException(
          "read " + read.size() + " ratings, not the " + ratings.size() + " that were written");
    }
  }

  /**
   * Reads the file.
   *
   * @param counters counts its rows
   * @return the ratings
   * @throws IOException if it cannot be read
   */
  @Benchmark
  public Ratings read(RowCounters counters) throws IOException {
    Ratings ratings = RatingsReader.of().read(Objects.requireNonNull(file)).ratings();
    counters.rows += ratings.size();
    counters.bytes += bytes;
    return ratings;
  }

  /**
   * Deletes the file.
   *
   * @throws IOException if that fails
   */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    Files.delete(Objects.requireNonNull(file));
  }
}
