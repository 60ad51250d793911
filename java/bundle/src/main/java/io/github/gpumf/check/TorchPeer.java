package io.github.gpumf.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.check.Sizes.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The same training in PyTorch, where python3 has it: torch_peer.py. */
final class TorchPeer implements Measure {
  private static final String SCRIPT = "torch_peer.py";
  private static final String PROBE =
      "import torch; print(torch.__version__, torch.cuda.is_available())";

  /** The first import after a start reads gigabytes of libraries. */
  private static final Duration MOST_OF_PROBE = Duration.ofMinutes(1);

  /** The first moves the rows of a batch, the second all rows. */
  private static final List<String> OPTIMIZERS = List.of("SparseAdam", "Adam");

  /** Seconds for what has begun to end. */
  private static final long GRACE = 45;

  /**
   * A training, as the script reads it.
   *
   * @param optimizer its name in PyTorch
   * @param compiled by torch.compile
   * @param factors k
   * @param batchSize ratings a step
   * @param shape of the ratings
   */
  private record Case(
      String optimizer, boolean compiled, int factors, int batchSize, Shape shape) {}

  private final CheckedGpu gpu;
  private final Path folder;
  private final Sizes sizes;
  private final long mostSeconds;

  /**
   * Nothing is run yet.
   *
   * @param gpu that it trains on
   * @param folder that the script is put into
   * @param mostSeconds after which it begins nothing new
   */
  TorchPeer(CheckedGpu gpu, Path folder, Sizes sizes, long mostSeconds) {
    this.gpu = gpu;
    this.folder = folder;
    this.sizes = sizes;
    this.mostSeconds = mostSeconds;
  }

  @Override
  public String name() {
    return "PyTorch";
  }

  @Override
  public void run(Findings findings) throws IOException, InterruptedException {
    String found = probe(List.of("python3", "-c", PROBE), MOST_OF_PROBE);
    findings.machine("PyTorch", found);
    if (!found.endsWith("True")) {
      findings.note("no times of PyTorch: " + found);
      return;
    }
    Path script = folder.resolve(SCRIPT);
    try (InputStream content =
        Objects.requireNonNull(TorchPeer.class.getResourceAsStream(SCRIPT))) {
      Files.copy(content, script, StandardCopyOption.REPLACE_EXISTING);
    }
    ObjectMapper mapper = new ObjectMapper();
    List<Case> cases = cases();
    ProcessBuilder builder =
        new ProcessBuilder(
                "python3",
                script.toString(),
                mapper.writeValueAsString(Map.of("seconds", mostSeconds, "cases", cases)))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    gpu.makeFirst(builder);
    Process python = builder.start();
    // A compilation of torch's own can hang; then its lines end, too.
    CompletableFuture.delayedExecutor(mostSeconds + GRACE, TimeUnit.SECONDS)
        .execute(python::destroyForcibly);
    try (BufferedReader lines = python.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode json = mapper.readTree(line);
        if (json.has("left_out")) {
          findings.note("PyTorch: " + json.path("left_out").asText());
        } else {
          findings.addPeer(epoch(json, cases.get(json.path("case").asInt())));
        }
      }
      int exitCode = python.waitFor();
      if (exitCode != 0) {
        findings.note("torch_peer.py ended with " + exitCode);
      }
    } finally {
      python.destroyForcibly();
    }
  }

  /**
   * Small batches, then large ones, then what has to be compiled, which can take all the time. For
   * more factors it is the largest batches alone, which are the fastest with fewer.
   */
  private List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    int factors = sizes.epochFactors();
    for (String optimizer : OPTIMIZERS) {
      cases.add(new Case(optimizer, false, factors, sizes.batchSize(), sizes.sweep()));
    }
    for (int batchSize : sizes.largeBatchSizes()) {
      for (String optimizer : OPTIMIZERS) {
        cases.add(new Case(optimizer, false, factors, batchSize, sizes.perRating()));
      }
    }
    for (String optimizer : OPTIMIZERS.reversed()) {
      cases.add(
          new Case(
              optimizer,
              false,
              sizes.moreFactors(),
              sizes.largeBatchSizes().getLast(),
              sizes.perRating()));
    }
    for (String optimizer : OPTIMIZERS.reversed()) {
      cases.add(new Case(optimizer, true, factors, sizes.batchSize(), sizes.sweep()));
    }
    return List.copyOf(cases);
  }

  private Findings.Epoch epoch(JsonNode json, Case which) {
    Shape shape = which.shape();
    return new Findings.Epoch(
        json.path("by").asText(),
        which.optimizer(),
        shape.ratings(),
        shape.users(),
        shape.items(),
        which.factors(),
        which.batchSize(),
        json.path("milliseconds").asDouble(),
        json.path("rmse").asDouble());
  }

  /**
   * The version and whether it has a GPU, or why there is none.
   *
   * @param command that prints them in a line
   * @param most that it may take: an import can hang
   */
  static String probe(List<String> command, Duration most) throws InterruptedException {
    Process python;
    try {
      python = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException absent) {
      return "there is no python3";
    }
    try {
      // Before its line is read, which would wait for as long as it runs.
      if (!python.waitFor(most)) {
        return "python3 has not imported torch after " + most.toMillis() / 1000.0 + " s";
      }
      return python.exitValue() == 0
          ? new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip()
          : "python3 has no torch";
    } catch (IOException unreadable) {
      return "python3 has no answer: " + unreadable.getMessage();
    } finally {
      python.destroyForcibly();
    }
  }
}
