package io.github.gpumf.bench.peers;

import io.github.gpumf.bench.peers.Extent.Shape;
import io.github.gpumf.bench.peers.Findings.Limit;
import io.github.gpumf.bench.peers.Findings.Whole;
import io.github.gpumf.data.RatingsWriter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.train.TrainingOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Measures GpuMf beside its peers and writes {@code peers.json}, {@code peers.md} and charts. See
 * bench/README.md for what is measured and how.
 */
public final class PeerRun {
  private static final int FACTORS = 64;
  private static final int SMALL_BATCH = 32;
  private static final int BATCH = 1024;
  private static final int LARGE_BATCH = 8192;

  /**
   * Ratings with which all contestants fit the memory at the same time. Beyond, one comes after the
   * other, without TensorFlow: it moves half a million rows in each of 12,000 steps there.
   */
  private static final long MOST_TOGETHER = 10_000_000;

  private final Extent extent;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final Findings findings;
  private final Path work;
  private final @Nullable Path data;
  private final List<String> java;
  private final String classPath = System.getProperty("java.class.path");
  private final Contestants contestants;
  private final Contest contest;

  private PeerRun(Path bench, Extent extent, @Nullable Path data) throws InterruptedException {
    this.extent = extent;
    this.data = data;
    findings = new Findings(Machine.here());
    work = bench.resolve("target/peers");
    java = jvm();
    contestants = new Contestants(bench, java, classPath, findings::note);
    contest = new Contest(work.resolve("logs"), findings::note);
  }

  /**
   * Runs.
   *
   * @param args the folder {@code bench}; then {@code --small} or {@code --long}, {@code --only}
   *     and names of {@link Findings#GROUPS}, and a folder with {@code ml-1m-split} and {@code
   *     ml-1m}
   * @throws IOException if something cannot be read or written
   * @throws InterruptedException if the run is interrupted
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path bench = Path.of(args[0]).toAbsolutePath();
    List<String> rest = new ArrayList<>(Arrays.asList(args).subList(1, args.length));
    Extent extent =
        rest.remove("--small") ? Extent.SMALL : rest.remove("--long") ? Extent.LONG : Extent.USUAL;
    Set<String> groups = groups(rest);
    if (rest.size() > 1 || (rest.size() == 1 && rest.getFirst().startsWith("-"))) {
      throw usage(rest + " is not understood");
    }
    Path data = rest.isEmpty() ? null : Path.of(rest.getFirst());
    if (data != null && !Files.isDirectory(data.resolve("ml-1m-split"))) {
      throw usage(data + " has no folder ml-1m-split; leave it out for synthetic ratings");
    }
    PeerRun run = new PeerRun(bench, extent, data);
    run.measure(groups);
    run.findings.write(bench.resolve("results"));
  }

  /** Takes {@code --only NAME[,NAME]} out of the arguments. */
  private static Set<String> groups(List<String> rest) {
    int only = rest.indexOf("--only");
    if (only < 0) {
      return Set.copyOf(Findings.GROUPS);
    }
    if (only + 1 == rest.size()) {
      throw usage("--only needs a name");
    }
    Set<String> groups = Set.of(rest.get(only + 1).split(",", -1));
    if (!Findings.GROUPS.containsAll(groups)) {
      throw usage("--only " + rest.get(only + 1) + " is not of " + Findings.GROUPS);
    }
    rest.subList(only, only + 2).clear();
    return groups;
  }

  private static RuntimeException usage(String complaint) {
    System.err.println("bench/run: " + complaint);
    System.err.println("usage: bench/run [--small | --long] [--only NAME[,NAME]] [FOLDER]");
    System.exit(2);
    return new IllegalArgumentException(complaint);
  }

  /** The command of a JVM like this one: the options that are GpuMf's, not those of the run. */
  private static List<String> jvm() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    return command;
  }

  private void measure(Set<String> groups) throws IOException, InterruptedException {
    long start = System.nanoTime();
    limits();
    Shape shape = Shape.MOVIELENS_1M;
    RatingSet set =
        data == null
            ? RatingSet.synthetic(shape.users(), shape.items(), shape.ratings(), work)
            : RatingSet.movieLens(data, work);
    for (String group : Findings.GROUPS) {
      if (groups.contains(group)) {
        System.err.println(group);
        measure(group, set);
      }
    }
    findings.took((System.nanoTime() - start) * 1e-9);
  }

  private void measure(String group, RatingSet set) throws IOException, InterruptedException {
    switch (group) {
      case Findings.BESIDE -> beside(set);
      case Findings.QUALITY -> quality(set);
      case Findings.BACKENDS -> backends(set);
      case Findings.BATCHES -> batches(set);
      case Findings.THREADS -> threads(set);
      case Findings.SIZES -> sizes();
      case Findings.FILE -> whole();
      default -> throw new IllegalArgumentException(group);
    }
  }

  private void limits() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(java);
    command.addAll(
        List.of("-cp", classPath, MachineLimits.class.getName(), Integer.toString(threads)));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(" ", -1);
        findings.add(
            new Limit(
                Integer.parseInt(fields[1]),
                Double.parseDouble(fields[2]),
                Double.parseDouble(fields[3]),
                Double.parseDouble(fields[4]),
                Double.parseDouble(fields[5])));
        System.err.println("  " + line);
      }
    }
    process.waitFor();
  }

  private void contest(String group, List<Contestant> who, int rounds)
      throws IOException, InterruptedException {
    findings.add(contest.run(group, who, Pace.warm(rounds)));
  }

  private void beside(RatingSet set) throws IOException, InterruptedException {
    List<Contestant> who = new ArrayList<>();
    for (int batch : new int[] {BATCH, LARGE_BATCH}) {
      Task task = Task.timed(set, FACTORS, batch, threads);
      who.addAll(contestants.inBatches(task, contestants.fastBackends()));
      contestants.tensorFlow(task).ifPresent(who::add);
      contestants.torch(task, "adam").ifPresent(who::add);
      contestants.torch(task, "sparse-adam").ifPresent(who::add);
    }
    Task task = Task.timed(set, FACTORS, BATCH, threads);
    who.addAll(contestants.perRating(task, contestants.fastBackends()));
    contest(Findings.BESIDE, who, extent.rounds());
  }

  /** Not in turns with others: the first epoch of a fresh process is part of the curve. */
  private void quality(RatingSet set) throws IOException, InterruptedException {
    Task task = Task.accurate(set, FACTORS, BATCH, threads);
    String backend = contestants.fastBackends().getFirst();
    int epochs = TrainingOptions.tuned().epochs();
    if (!contestants.perRatingBackends().isEmpty()) {
      String able = contestants.perRatingBackends().getFirst();
      alone(contestants.gpuMf(task, able, Recipe.TUNED), epochs);
    }
    alone(contestants.gpuMf(task, backend, Recipe.TUNED_IN_BATCHES), epochs);
    alone(contestants.gpuMf(task, backend, Recipe.REGULARIZED_ADAM), extent.qualityEpochs());
    Optional<Contestant> tensorFlow = contestants.tensorFlow(task);
    if (tensorFlow.isPresent()) {
      alone(tensorFlow.get(), extent.qualityEpochs());
    }
    Optional<Contestant> torch = contestants.torch(task, "adam");
    if (torch.isPresent()) {
      alone(torch.get(), extent.qualityEpochs());
    }
    Optional<Contestant> spark = contestants.spark(task);
    if (spark.isPresent()) {
      alone(spark.get(), extent.alsTurns());
    }
  }

  private void alone(Contestant contestant, int epochs) throws IOException, InterruptedException {
    findings.add(contest.run(Findings.QUALITY, List.of(contestant), Pace.exactly(epochs)));
  }

  private void backends(RatingSet set) throws IOException, InterruptedException {
    for (int factors : extent.factors()) {
      Task task = Task.timed(set, factors, BATCH, threads);
      List<Contestant> who = new ArrayList<>(contestants.inBatches(task, contestants.backends()));
      who.addAll(contestants.perRating(task, contestants.fastBackends()));
      // The scalar backend takes seconds for an epoch: two rounds are as long as others' five.
      contest(Findings.BACKENDS, who, 2);
    }
  }

  private void batches(RatingSet set) throws IOException, InterruptedException {
    List<Contestant> who = new ArrayList<>();
    for (int batch : new int[] {SMALL_BATCH, BATCH, LARGE_BATCH}) {
      Task task = Task.timed(set, FACTORS, batch, threads);
      who.addAll(contestants.inBatches(task, contestants.fastBackends()));
    }
    contest(Findings.BATCHES, who, Math.min(3, extent.rounds()));
  }

  private void threads(RatingSet set) throws IOException, InterruptedException {
    List<Contestant> who = new ArrayList<>();
    for (int count = 1;
        count <= threads;
        count = count == threads ? count + 1 : Math.min(2 * count, threads)) {
      Task task = Task.timed(set, FACTORS, LARGE_BATCH, count);
      who.addAll(contestants.gpuMf(task, List.of(contestants.fastBackends().getLast())));
      contestants.tensorFlow(task).ifPresent(who::add);
      contestants.torch(task, "adam").ifPresent(who::add);
    }
    contest(Findings.THREADS, who, Math.min(3, extent.rounds()));
  }

  private void sizes() throws IOException, InterruptedException {
    for (Shape shape : extent.shapes()) {
      RatingSet set = RatingSet.synthetic(shape.users(), shape.items(), shape.ratings(), work);
      Task task = Task.timed(set, FACTORS, LARGE_BATCH, threads);
      List<Contestant> who = new ArrayList<>(contestants.gpuMf(task, contestants.fastBackends()));
      if (shape.ratings() <= MOST_TOGETHER) {
        contestants.tensorFlow(task).ifPresent(who::add);
        contest(Findings.SIZES, who, 2);
      } else {
        for (Contestant contestant : who) {
          contest(Findings.SIZES, List.of(contestant), 2);
        }
      }
    }
  }

  private void whole() throws IOException, InterruptedException {
    Path ratings = data == null ? null : data.resolve("ml-1m/ratings.tsv");
    if (ratings == null || !Files.exists(ratings)) {
      ratings = work.resolve("ratings.tsv");
      Shape shape = Shape.MOVIELENS_1M;
      RatingsWriter.write(
          SyntheticRatings.movieLensLike()
              .withSize(shape.users(), shape.items(), shape.ratings())
              .generate(),
          ratings);
    }
    for (int time = 0; time < extent.whole(); time++) {
      findings.add(fileToModel(ratings));
    }
  }

  private Whole fileToModel(Path ratings) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(java);
    command.addAll(
        List.of(
            "-cp",
            classPath,
            FileToModel.class.getName(),
            ratings.toString(),
            work.resolve("model.safetensors").toString()));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Map<String, Double> parts = new LinkedHashMap<>();
    double total = Double.NaN;
    double rmse = Double.NaN;
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(" ", -1);
        switch (fields[0]) {
          case "part" -> parts.put(fields[1], Double.parseDouble(fields[2]));
          case "saved" -> total = (System.nanoTime() - start) * 1e-9;
          case "rmse" -> rmse = Double.parseDouble(fields[1]);
          default -> System.err.println(line);
        }
      }
    }
    if (process.waitFor() != 0) {
      throw new IOException("the way from file to model ended with " + process.exitValue());
    }
    System.err.println("  " + parts + ", whole process " + total + " s, RMSE " + rmse);
    return new Whole(parts, total, rmse);
  }
}
