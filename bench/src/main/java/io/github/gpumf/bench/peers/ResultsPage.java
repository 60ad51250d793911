package io.github.gpumf.bench.peers;

import io.github.gpumf.bench.peers.Findings.Limit;
import io.github.gpumf.bench.peers.Findings.Whole;
import io.github.gpumf.bench.peers.NeededMemory.State;
import io.github.gpumf.bench.peers.Result.Turn;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Formatter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** The findings for people, in Markdown. */
final class ResultsPage {
  private static final double MILLION = 1e6;
  private static final double GIGA = 1e9;
  private static final double GIB = 1L << 30;

  /** RMSE that a curve's way to is given; from a first model to a good one on MovieLens 1M. */
  private static final double[] GOOD = {0.86, 0.85, 0.84, 0.836};

  /** Everybody has so many epochs: one to warm up, and at least two rounds. */
  private static final int COMPARED_EPOCH = 3;

  private final Findings found;
  private final Formatter page = new Formatter(Locale.ROOT);

  ResultsPage(Findings found) {
    this.found = found;
  }

  String text() {
    heading();
    limits();
    beside();
    quality();
    backends();
    batches();
    threads();
    sizes();
    whole();
    notes();
    return page.toString();
  }

  private void heading() {
    Machine machine = found.machine();
    page.format("# GpuMf beside its peers%n");
    page.format("%n");
    page.format(
        "Made by `bench/run` on %s: %s, %d cores, %.0f GiB, JDK %s; %.2f cores busy before, %.0f s long.%n",
        machine.date(),
        machine.processor(),
        machine.cores(),
        machine.memoryGiB(),
        machine.java(),
        machine.busyBefore(),
        found.seconds());
    if (machine.busyBefore() > 0.5) {
      page.format("**The machine was not quiet: these numbers say little.**%n");
    }
    page.format("%n");
    page.format(
        "Contestants are processes that stay warm and take turns, A B C A B C, never two at a time; a turn is an epoch.%n");
    page.format(
        "Numbers are medians of turns after three seconds of warm-up, lowest and highest in brackets. All of it is in%n");
    page.format(
        "[peers.json](peers.json); how to read it is in [bench/README.md](../README.md).%n");
  }

  private void limits() {
    page.format("%n");
    page.format("## The machine's limits%n");
    page.format("%n");
    page.format(
        "Measured in the same run, the best of seven. M ratings/s are what they would allow a training that updates row by row%n");
    page.format(
        "(Sgd, k = 64: 1,036 bytes and 192 multiply-adds a rating): more than the first is possible where rows stay in the caches.%n");
    page.format("%n");
    page.format(
        "| threads | copy, GB/s | read, GB/s | G FMA/s | memory's limit, M ratings/s | arithmetic's, M ratings/s | there and back between two threads, ns |%n");
    page.format("|---|---|---|---|---|---|---|%n");
    for (Limit limit : found.limits()) {
      page.format(
          "| %d | %.1f | %.1f | %.0f | %.0f | %.0f | %s |%n",
          limit.threads(),
          limit.copy(),
          limit.read(),
          limit.fma(),
          limit.copy() * GIGA / RowTraffic.bytes(Recipe.SGD.label(), 64) / MILLION,
          limit.fma() * GIGA / (3 * 64) / MILLION,
          Double.isNaN(limit.handover())
              ? ""
              : String.format(Locale.ROOT, "%.0f", limit.handover()));
    }
    page.format("%n");
    page.format(
        "There and back is the way of a cache line. Virtual machines may move their processors between chips: where two processors share no%n");
    page.format(
        "third-level cache it is 300 ns and more instead of about 60, and everything that two threads write for each other takes that much longer.%n");
    page.format("So compare only within one run.%n");
  }

  private void beside() {
    List<Result> results = found.of(Findings.BESIDE);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## Epochs of the same model%n");
    page.format("%n");
    page.format(
        "%s. The biased model, k = 64. `adam` is Keras' Adam in all of them; `lazy-adam` and `sparse-adam` move the batch's rows alone.%n",
        data(results));
    page.format(
        "The RMSE is that of the third epoch's own predictions: where the algorithm is the same, so must it be. What has no batches moves weights%n"
            + "with every rating, and is compared with TensorFlow's larger ones.%n");
    page.format("%n");
    page.format("![ratings a second beside the peers](charts/peers.svg)%n");
    page.format("%n");
    page.format(
        "| batch | engine | optimizer | threads | M ratings/s | times TensorFlow | row traffic, GB/s | RMSE of epoch 3 |%n");
    page.format("|---|---|---|---|---|---|---|---|%n");
    for (int batch : distinct(results, result -> result.contestant().batchSize())) {
      List<Result> same =
          results.stream().filter(result -> result.contestant().batchSize() == batch).toList();
      Optional<Result> tensorFlow =
          (batch == 0 ? results : same)
              .stream()
                  .filter(result -> result.contestant().engine().startsWith("TensorFlow"))
                  .max(Comparator.comparingDouble(Result::ratingsPerSecond));
      for (Result result : same) {
        Contestant who = result.contestant();
        page.format(
            "| %s | %s | %s | %d | %s | %s | %s | %.4f |%n",
            batch == 0 ? "none" : String.format(Locale.ROOT, "%,d", batch),
            who.engine(),
            who.recipe(),
            who.threads(),
            speed(result),
            tensorFlow
                .map(
                    peer ->
                        String.format(
                            Locale.ROOT,
                            "**%.1f**",
                            result.ratingsPerSecond() / peer.ratingsPerSecond()))
                .orElse(""),
            traffic(result),
            result.all().get(COMPARED_EPOCH - 1).trainingRmse());
      }
    }
  }

  private void quality() {
    List<Result> results = found.of(Findings.QUALITY);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## RMSE against seconds of training%n");
    page.format("%n");
    page.format(
        "%s, k = 64, each alone in a fresh process: the slow first epoch counts, and of GpuMf its opening. Its defaults are `tuned`, with an update per rating; `regularized-adam` and the%n",
        data(results));
    page.format(
        "peers' `adam` have the same rate and regularization, batches of 1,024. ALS is fitted anew for each point, since it cannot go on.%n");
    page.format("%n");
    page.format("![RMSE against seconds](charts/rmse-seconds.svg)%n");
    page.format("%n");
    page.format("| engine | recipe | epochs | lowest RMSE | %s |%n", join(GOOD, "seconds to %s"));
    page.format("|---|---|---|---|%s%n", "---|".repeat(GOOD.length));
    for (Result result : results) {
      StringBuilder ways = new StringBuilder();
      for (double good : GOOD) {
        ways.append(" ").append(secondsTo(result, good)).append(" |");
      }
      page.format(
          "| %s | %s | %d | %.4f |%s%n",
          result.contestant().engine(),
          result.contestant().recipe(),
          result.all().size(),
          result.all().stream().mapToDouble(Turn::heldOutRmse).min().orElseThrow(),
          ways);
    }
  }

  private static String join(double[] values, String format) {
    return Arrays.stream(values)
        .mapToObj(value -> String.format(Locale.ROOT, format, value))
        .collect(Collectors.joining(" | "));
  }

  private static String secondsTo(Result result, double rmse) {
    return Curve.of(result).stream()
        .filter(point -> point.rmse() <= rmse)
        .findFirst()
        .map(point -> String.format(Locale.ROOT, "%.2f", point.seconds()))
        .orElse("");
  }

  private void backends() {
    List<Result> results = found.of(Findings.BACKENDS);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## Backends and k%n");
    page.format("%n");
    page.format(
        "%s, batches of 1,024 where there are any. M ratings/s; the scalar backend is the oracle, on one thread.%n",
        data(results));
    page.format("%n");
    page.format("![ratings a second by backend and k](charts/backends.svg)%n");
    page.format("%n");
    table(results, "k", result -> result.contestant().factors(), this::speed);
  }

  private void batches() {
    List<Result> results = found.of(Findings.BATCHES);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## Batches%n");
    page.format("%n");
    page.format("%s, k = 64. M ratings/s.%n", data(results));
    page.format("%n");
    table(results, "batch", result -> result.contestant().batchSize(), this::speed);
  }

  private void threads() {
    List<Result> results = found.of(Findings.THREADS);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## Threads%n");
    page.format("%n");
    page.format("%s, k = 64, batches of 8,192 where there are any. M ratings/s.%n", data(results));
    page.format("%n");
    page.format("![ratings a second by threads](charts/threads.svg)%n");
    page.format("%n");
    table(results, "threads", result -> result.contestant().threads(), this::speed);
  }

  private void sizes() {
    List<Result> results = found.of(Findings.SIZES);
    if (results.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## Size%n");
    page.format("%n");
    page.format(
        "Synthetic ratings in the shapes of MovieLens 100K, 1M and 10M, and in a long run of 20M and of Netflix; k = 64, batches of 8,192.%n");
    page.format("Nanoseconds a rating.%n");
    page.format("%n");
    page.format("![nanoseconds a rating by size](charts/sizes.svg)%n");
    page.format("%n");
    table(
        results,
        "ratings",
        result -> result.contestant().data().ratings(),
        result -> String.format(Locale.ROOT, "%.0f", GIGA / result.ratingsPerSecond()));
    peakMemory(results);
  }

  private void peakMemory(List<Result> results) {
    if (results.stream().allMatch(result -> result.peakBytes().isEmpty())) {
      return;
    }
    page.format("%n");
    page.format("### Peak memory%n");
    page.format("%n");
    page.format(
        "GiB of the whole process; in brackets, how many times that is what any training has to hold: ratings, factors and biases, and the%n");
    page.format("optimizer's state. With few ratings it is a runtime and its libraries.%n");
    page.format("%n");
    table(results, "ratings", result -> result.contestant().data().ratings(), ResultsPage::peak);
  }

  private static String peak(Result result) {
    if (result.peakBytes().isEmpty()) {
      return "";
    }
    Contestant who = result.contestant();
    long needed = NeededMemory.bytes(who.data(), who.factors(), State.of(who.recipe()));
    double bytes = result.peakBytes().getAsLong();
    return String.format(Locale.ROOT, "%.2f (%.1f)", bytes / GIB, bytes / needed);
  }

  /** A row for each engine and recipe, a column for each value. */
  private void table(
      List<Result> results,
      String what,
      ToDoubleFunction<Result> column,
      Function<Result, String> cell) {
    Set<Double> columns = new LinkedHashSet<>();
    Set<String> rows = new LinkedHashSet<>();
    for (Result result : results) {
      columns.add(column.applyAsDouble(result));
      rows.add(row(result));
    }
    page.format(
        "| engine | optimizer | %s |%n",
        columns.stream()
            .map(value -> String.format(Locale.ROOT, "%s %,.0f", what, value))
            .collect(Collectors.joining(" | ")));
    page.format("|---|---|%s%n", "---|".repeat(columns.size()));
    for (String row : rows) {
      String cells =
          columns.stream()
              .map(
                  value ->
                      results.stream()
                          .filter(
                              result ->
                                  row(result).equals(row) && column.applyAsDouble(result) == value)
                          .findFirst()
                          .map(cell)
                          .orElse(""))
              .collect(Collectors.joining(" | "));
      page.format("| %s | %s |%n", row, cells);
    }
  }

  private static String row(Result result) {
    return result.contestant().engine() + " | " + result.contestant().recipe();
  }

  private void whole() {
    List<Whole> wholes = found.wholes();
    if (wholes.isEmpty()) {
      return;
    }
    page.format("%n");
    page.format("## From a ratings file to a saved model%n");
    page.format("%n");
    page.format(
        "A million ratings of TSV, a tenth held out, the library's defaults at k = 64, each time in a process of its own; seconds. The%n");
    page.format(
        "process counts from its start, the JVM's own included, until the model is saved.%n");
    page.format("%n");
    Set<String> parts = wholes.getFirst().parts().keySet();
    page.format("| %s | process | held-out RMSE |%n", String.join(" | ", parts));
    page.format("|%s---|---|%n", "---|".repeat(parts.size()));
    for (Whole whole : wholes) {
      page.format(
          "| %s | **%.2f** | %.4f |%n",
          parts.stream()
              .map(
                  part ->
                      String.format(
                          Locale.ROOT, "%.2f", Objects.requireNonNull(whole.parts().get(part))))
              .collect(Collectors.joining(" | ")),
          whole.total(),
          whole.rmse());
    }
  }

  private void notes() {
    page.format("%n");
    page.format("## Left out%n");
    page.format("%n");
    found.notes().forEach(note -> page.format("- %s%n", note));
  }

  private static String data(List<Result> results) {
    RatingSet data = results.getFirst().contestant().data();
    return String.format(
        Locale.ROOT,
        "%s: %,d training ratings, %,d x %,d",
        data.name().substring(0, 1).toUpperCase(Locale.ROOT) + data.name().substring(1),
        data.ratings(),
        data.users(),
        data.items());
  }

  private String speed(Result result) {
    double ratings = result.contestant().data().ratings() / MILLION;
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f to %.2f)",
        ratings / result.seconds(),
        ratings / result.slowest(),
        ratings / result.fastest());
  }

  private static String traffic(Result result) {
    Contestant who = result.contestant();
    double bytes = RowTraffic.bytes(who.recipe(), who.factors());
    return String.format(Locale.ROOT, "%.1f", bytes * result.ratingsPerSecond() / GIGA);
  }

  private static List<Integer> distinct(List<Result> results, ToIntFunction<Result> of) {
    return results.stream().mapToInt(of).distinct().boxed().toList();
  }
}
