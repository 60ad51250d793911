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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The same training in PyTorch, where python3 has it: torch_peer.py. */
final class TorchPeer implements Measure {
  private static final String SCRIPT = "torch_peer.py";
  private static final String PROBE =
      "import torch; print(torch.__version__, torch.cuda.is_available())";

  /** Seconds for what has begun to end. */
  private static final long GRACE = 45;

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
    String found = probe();
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
    Shape shape = sizes.sweep();
    ProcessBuilder builder =
        new ProcessBuilder(
                "python3",
                script.toString(),
                Long.toString(shape.ratings()),
                Integer.toString(shape.users()),
                Integer.toString(shape.items()),
                Integer.toString(sizes.epochFactors()),
                Integer.toString(sizes.batchSize()),
                Long.toString(mostSeconds))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    gpu.makeFirst(builder);
    Process python = builder.start();
    // A compilation of torch's own can hang; then its lines end, too.
    CompletableFuture.delayedExecutor(mostSeconds + GRACE, TimeUnit.SECONDS)
        .execute(python::destroyForcibly);
    ObjectMapper mapper = new ObjectMapper();
    try (BufferedReader lines = python.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode json = mapper.readTree(line);
        if (json.has("left_out")) {
          findings.note("PyTorch: " + json.path("left_out").asText());
        } else {
          findings.addPeer(epoch(json, shape));
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

  private Findings.Epoch epoch(JsonNode json, Shape shape) {
    return new Findings.Epoch(
        json.path("by").asText(),
        json.path("optimizer").asText(),
        shape.ratings(),
        shape.users(),
        shape.items(),
        sizes.epochFactors(),
        json.path("batch_size").asInt(),
        json.path("milliseconds").asDouble(),
        json.path("rmse").asDouble());
  }

  /** The version and whether it has a GPU, or why there is none. */
  private static String probe() throws InterruptedException {
    try {
      Process python =
          new ProcessBuilder("python3", "-c", PROBE)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer =
          new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return python.waitFor(1, TimeUnit.MINUTES) && python.exitValue() == 0
          ? answer
          : "python3 has no torch";
    } catch (IOException absent) {
      return "there is no python3";
    }
  }
}
