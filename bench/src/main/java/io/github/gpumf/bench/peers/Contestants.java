package io.github.gpumf.bench.peers;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Backend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Who there is on this machine, and the command of each one's process. Whoever is missing is left
 * out with a note that says what would bring it.
 */
final class Contestants {
  /** Where a python3 with PyTorch may be: the PATH's own first, then the system's. */
  private static final List<String> PYTHONS = List.of("python3", "/usr/bin/python3");

  /**
   * At each of an epoch's thousand barriers GNU OpenMP spins as if nobody else wanted the core;
   * where somebody does, an epoch of a second takes a minute. So threads sleep at barriers, unless
   * whoever runs this has decided otherwise.
   */
  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";

  /**
   * Ratings and tables are outside the heap. What the JVM would take for one by itself it fills
   * with garbage before it looks at it, and that would be counted as memory that is needed.
   */
  private static final String HEAP = "-Xmx128m";

  private static final String TENSORFLOW = "TensorFlow 2.18 (Java 1.1.0)";
  private static final String SPARK = "Spark 4.1.0";

  /** Near what does well on MovieLens 1M; Spark, too, weighs it by the ratings of a row. */
  private static final double ALS_REGULARIZATION = 0.05;

  private static final int ALS_FIRST = 2;
  private static final int ALS_MORE = 3;

  private final Path bench;
  private final List<String> java;
  private final String ownClassPath;
  private final List<String> backends;
  private final Optional<String> tensorFlow;
  private final Optional<String> spark;
  private final Optional<Python> python;

  /** A python3 that has PyTorch. */
  private record Python(String command, String version) {}

  /**
   * Looks around.
   *
   * @param bench the folder {@code bench} of the repository
   * @param java the command of a JVM with the options that GpuMf needs
   * @param ownClassPath where GpuMf and these classes are
   * @param notes is told who is missing
   */
  Contestants(Path bench, List<String> java, String ownClassPath, Consumer<String> notes)
      throws InterruptedException {
    this.bench = bench;
    this.java = java;
    this.ownClassPath = ownClassPath;
    backends = available(backend -> true);
    if (!backends.contains("cuda")) {
      notes.accept("no numbers of a GPU: this machine has none that GpuMf can use");
    }
    tensorFlow = classPath("tensorflow");
    if (tensorFlow.isEmpty()) {
      notes.accept("no TensorFlow: bench/peers/tensorflow could not be built");
    }
    spark = classPath("spark");
    if (spark.isEmpty()) {
      notes.accept("no Spark: bench/peers/spark could not be built");
    }
    python = findPython();
    if (python.isEmpty()) {
      notes.accept(
          "no PyTorch: no python3 with torch and numpy was found; on Debian, apt-get install python3-torch python3-numpy");
    }
    notes.accept(
        "no LIBMF: no package of Debian, Maven Central or npm was found that carries it, so nothing is measured and nothing quoted of it");
  }

  private static List<String> available(Predicate<Backend> which) {
    return GpuMf.backends().entrySet().stream()
        .filter(
            backend -> backend.getValue() instanceof Available found && which.test(found.backend()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private Optional<String> classPath(String peer) {
    Path target = bench.resolve("peers").resolve(peer).resolve("target");
    Path jar = target.resolve("gpumf-bench-" + peer + ".jar");
    return Files.exists(jar)
        ? Optional.of(jar + ":" + target.resolve("lib") + "/*")
        : Optional.empty();
  }

  private static Optional<Python> findPython() throws InterruptedException {
    for (String command : PYTHONS) {
      try {
        Process process =
            new ProcessBuilder(command, "-c", "import numpy, torch; print(torch.__version__)")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String answer =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0) {
          return Optional.of(new Python(command, answer));
        }
      } catch (IOException absent) {
        // Then the next one may be there.
      }
    }
    return Optional.empty();
  }

  /** GpuMf on each of the backends, in batches. */
  List<Contestant> inBatches(Task task, List<String> on) {
    return each(task, on, Recipe.IN_BATCHES);
  }

  /** GpuMf on each of the backends, a rating at a time, where they can. */
  List<Contestant> perRating(Task task, List<String> on) {
    return each(task, on, Recipe.PER_RATING);
  }

  /** GpuMf on each of the backends with all that it can. */
  List<Contestant> gpuMf(Task task, List<String> on) {
    List<Contestant> who = new ArrayList<>(inBatches(task, on));
    who.addAll(perRating(task, on));
    return who;
  }

  private List<Contestant> each(Task task, List<String> on, List<Recipe> recipes) {
    return on.stream()
        .flatMap(backend -> recipes.stream().map(recipe -> gpuMf(task, backend, recipe)))
        .toList();
  }

  /** The backends of GpuMf that work here. */
  List<String> backends() {
    return backends;
  }

  /** Those that compete: all but the oracle, or the oracle if there is nothing else. */
  List<String> fastBackends() {
    List<String> fast = backends.stream().filter(name -> !name.equals("scalar")).toList();
    return fast.isEmpty() ? backends : fast;
  }

  /** Those of them that can train a rating at a time. */
  List<String> perRatingBackends() {
    return backends;
  }

  /** GpuMf. */
  Contestant gpuMf(Task task, String backend, Recipe recipe) {
    List<String> command = jvm(ownClassPath, GpuMfEpochs.class.getName());
    command.add(1, HEAP);
    command.addAll(
        List.of(
            task.data().train().toString(),
            task.heldOut(),
            backend,
            recipe.label(),
            Integer.toString(task.factors()),
            Integer.toString(task.batchSize()),
            Integer.toString(backend.equals("scalar") ? 1 : task.threads())));
    return new Contestant(
        "GpuMf, " + backend,
        recipe.label(),
        backend.equals("scalar") ? 1 : task.threads(),
        task.factors(),
        recipe.hasBatches() ? task.batchSize() : 0,
        task.data(),
        command);
  }

  /** TensorFlow Java with Keras' Adam, if it is here. */
  Optional<Contestant> tensorFlow(Task task) {
    return tensorFlow.map(
        classPath -> {
          List<String> command =
              jvm(classPath, "io.github.gpumf.bench.tensorflow.TensorFlowEpochs");
          command.addAll(task.arguments());
          return task.contestant(TENSORFLOW, Recipe.ADAM.label(), command);
        });
  }

  /** PyTorch, if it is here; the optimizer is {@code adam} or {@code sparse-adam}. */
  Optional<Contestant> torch(Task task, String optimizer) {
    return python.map(
        found -> {
          List<String> command = new ArrayList<>(List.of("env", waitPolicy(), found.command()));
          command.add(bench.resolve("peers/torch_mf.py").toString());
          command.addAll(task.arguments());
          command.add(optimizer);
          return task.contestant("PyTorch " + found.version(), optimizer, command);
        });
  }

  /** Spark's ALS, if it is here. */
  Optional<Contestant> spark(Task task) {
    return spark.map(
        classPath -> {
          List<String> command = jvm(classPath, "io.github.gpumf.bench.spark.SparkAls");
          command.addAll(
              List.of(
                  task.data().train().toString(),
                  task.data().heldOut().toString(),
                  Integer.toString(task.factors()),
                  Double.toString(ALS_REGULARIZATION),
                  Integer.toString(task.threads()),
                  Integer.toString(ALS_FIRST),
                  Integer.toString(ALS_MORE)));
          return new Contestant(
              SPARK, "als", task.threads(), task.factors(), 0, task.data(), command);
        });
  }

  private static String waitPolicy() {
    String given = System.getenv(WAIT_POLICY);
    return WAIT_POLICY + "=" + (given == null ? "PASSIVE" : given);
  }

  private List<String> jvm(String classPath, String main) {
    List<String> command = new ArrayList<>(java);
    command.addAll(List.of("-cp", classPath, main));
    return command;
  }
}
