package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.cuda.Kernels;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command in a JVM of its own, as the bundle runs it. */
final class GpuCheckTest {
  private static final String LIBRARIES = "LD_LIBRARY_PATH";

  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");

  /** What a run leaves. */
  private record Outcome(int exitCode, String output, String errors) {}

  /** Of the third device of the stand-in driver. */
  private static final String THIRD = "GPU-4770754d-662d-7374-616e-642d696e2d32";

  /** Answers as python3 with PyTorch on a GPU does, for all cases but the last. */
  private static final String PYTHON =
      """
      #!/bin/sh
      if [ "$1" = -c ]; then
        echo 2.9.1 True
        exit
      fi
      for case in 0 1 2 3 4 5 6; do
        echo '{"case": '$case', "by": "PyTorch 2.9.1", "milliseconds": 1'$case', "rmse": 1.5}'
      done
      echo '{"left_out": "SparseAdam, compiled: no time left"}'
      """;

  /** A folder of commands with a python3. */
  private static Path python(Path folder) throws IOException {
    Path commands = Files.createDirectory(folder.resolve("commands"));
    Path python = Files.writeString(commands.resolve("python3"), PYTHON);
    assertTrue(python.toFile().setExecutable(true), python.toString());
    return commands;
  }

  private static Outcome run(Path folder, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(GpuCheck.class.getName());
    command.addAll(Arrays.asList(arguments));
    Path output = folder.resolve("output");
    Path errors = folder.resolve("errors");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    builder.environment().putAll(environment);
    int exitCode = builder.start().waitFor();
    return new Outcome(exitCode, Files.readString(output), Files.readString(errors));
  }

  /** The only driver that is found so. */
  private static boolean hasStandIn() {
    return Files.exists(Path.of(System.getenv().getOrDefault(LIBRARIES, ""), "libcuda.so.1"));
  }

  private static JsonNode json(Path results) throws IOException {
    return new ObjectMapper().readTree(results.resolve(Report.JSON).toFile());
  }

  /** Whether a kernel's time is that of an epoch with an update a rating. */
  private static boolean isOfRounds(String kernel) {
    return kernel.contains("_round_") || kernel.equals("add_rounds");
  }

  private static Set<String> timed(JsonNode kernels) {
    Set<String> names = new TreeSet<>();
    kernels.forEach(kernel -> names.add(kernel.path("kernel").asText()));
    return names;
  }

  /** All that there are, in the files that the manifest names. */
  private static Set<String> kernels() throws IOException {
    Properties manifest = new Properties();
    manifest.load(new StringReader(resource("manifest.properties")));
    Set<String> names = new TreeSet<>();
    for (String file : manifest.stringPropertyNames()) {
      if (file.endsWith(".ptx")) {
        Matcher entry = ENTRY.matcher(resource(file));
        while (entry.find()) {
          names.add(entry.group(1));
        }
      }
    }
    return names;
  }

  private static String resource(String name) throws IOException {
    try (InputStream content =
        Kernels.class.getResourceAsStream("/io/github/gpumf/kernels/" + name)) {
      return new String(
          Objects.requireNonNull(content, name).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void measuresEverything(@TempDir Path folder) throws IOException, InterruptedException {
    TestGpu.requireDriver();
    Path results = folder.resolve("new/results");
    // Of three, all but the first are shown, and the last is asked for.
    Map<String, String> environment = new HashMap<>();
    if (hasStandIn()) {
      environment.putAll(Map.of("GPUMF_EMULATOR_DEVICES", "3", "CUDA_VISIBLE_DEVICES", "1,2"));
    }
    environment.put("PATH", python(folder) + ":" + System.getenv("PATH"));
    String backend = hasStandIn() ? "cuda:1" : "cuda";
    Outcome outcome =
        run(
            folder,
            environment,
            "--small",
            "--skip-tests",
            "--backend",
            backend,
            "--out",
            results.toString());
    assertEquals(0, outcome.exitCode(), outcome.errors());
    assertEquals(1, outcome.output().lines().count(), outcome.output());
    assertTrue(outcome.output().startsWith("FINE: "), outcome.output());
    JsonNode found = json(results).path("findings");
    if (hasStandIn()) {
      assertEquals(THIRD, found.path("machine").path("UUID").asText());
    }
    for (String part : List.of("copies", "kernels", "epochs", "batchSizes", "topItems")) {
      assertFalse(found.path(part).isEmpty(), part + " in " + found);
    }
    found
        .path("kernels")
        .forEach(
            kernel -> assertTrue(kernel.path("microseconds").asDouble() > 0, kernel.toString()));
    assertTrue(found.path("notes").toString().contains("--skip-tests"), found.toString());
    JsonNode perRating = found.path("perRating");
    long rounds = kernels().stream().filter(kernel -> kernel.contains("_round_")).count();
    assertEquals(rounds, perRating.size(), "each kernel of rounds has a case");
    perRating.forEach(
        epoch -> assertTrue(epoch.path("preparationSeconds").asDouble() > 0, epoch.toString()));
    assertTrue(perRating.toString().contains("Sgd, factors as halves"));
    assertTrue(found.path("batchSizes").toString().contains("LazyAdam, no graphs"));
    Sizes sizes = Sizes.small();
    JsonNode large = found.path("peers").path(5);
    assertEquals("Adam", large.path("optimizer").asText(), found.path("peers").toString());
    assertEquals(sizes.largeBatchSizes().get(1), large.path("batchSize").asInt());
    assertEquals(sizes.perRating().ratings(), large.path("ratings").asLong());
    assertEquals(15, large.path("milliseconds").asDouble());
    assertTrue(found.path("notes").toString().contains("PyTorch: SparseAdam, compiled: no time"));
    JsonNode wide = found.path("peers").path(6);
    assertEquals(sizes.moreFactors(), wide.path("factors").asInt(), found.path("peers").toString());
    // Each batch size, and an update a rating for each k.
    assertEquals(1 + sizes.largeBatchSizes().size() + 2, json(results).path("comparisons").size());
    Set<String> apart = kernels();
    apart.removeIf(GpuCheckTest::isOfRounds);
    assertEquals(apart, timed(found.path("kernels")), "each kernel has a time of its own");
  }

  /** Parts have names with spaces; kernels bring the copies along that their floors are. */
  @Test
  void measuresPartsByName(@TempDir Path folder) throws IOException, InterruptedException {
    TestGpu.requireDriver();
    Path results = folder.resolve("r");
    Outcome outcome =
        run(
            folder,
            Map.of(),
            "--small",
            "--only",
            "kernels, an update a rating",
            "--out",
            results.toString());
    assertEquals(0, outcome.exitCode(), outcome.errors());
    JsonNode found = json(results).path("findings");
    for (String part : List.of("copies", "kernels", "perRating")) {
      assertFalse(found.path(part).isEmpty(), part + " in " + found);
    }
    for (String part : List.of("epochs", "topItems", "peers")) {
      assertTrue(found.path(part).isEmpty(), part + " in " + found);
    }
    assertTrue(
        found
            .path("notes")
            .toString()
            .contains("all but copy bandwidth, kernels, an update a rating, by --only"),
        found.path("notes").toString());
    Outcome unknown = run(folder, Map.of(), "--only", "epoch", "--out", results.toString());
    assertEquals(2, unknown.exitCode(), unknown.errors());
    assertTrue(unknown.errors().contains("an update a rating"), unknown.errors());
  }

  @Test
  void aGpuThatIsNotThereIsWrong(@TempDir Path folder) throws IOException, InterruptedException {
    TestGpu.requireDriver();
    String results = folder.resolve("r").toString();
    Outcome outcome =
        run(folder, Map.of(), "--small", "--backend", "cuda:GPU-ffffffff", "--out", results);
    assertEquals(1, outcome.exitCode(), outcome.errors());
    assertTrue(
        outcome.output().startsWith("WRONG: there is no GPU \"GPU-ffffffff\"; there "),
        outcome.output());
  }

  @Test
  void aCheckWithoutTestsOnTheClassPathIsWrong(@TempDir Path folder)
      throws IOException, InterruptedException {
    TestGpu.requireDriver();
    // This module's class path has no backend tests: finding none must not look like passing all.
    Outcome outcome = run(folder, Map.of(), "--small", "--out", folder.resolve("r").toString());
    assertEquals(1, outcome.exitCode(), outcome.errors());
    assertTrue(outcome.output().startsWith("WRONG: "), outcome.output());
    assertTrue(
        outcome.output().contains("tests") || outcome.output().contains("has not run"),
        outcome.output());
    assertFalse(
        json(folder.resolve("r")).path("findings").path("kernels").isEmpty(),
        "measures come all the same");
  }

  @Test
  void saysWhatIsMissingWithoutADriver(@TempDir Path folder)
      throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        hasStandIn(), "left out, the driver here is not on the library path and cannot be hidden");
    Outcome outcome =
        run(folder, Map.of(LIBRARIES, ""), "--small", "--out", folder.resolve("r").toString());
    assertEquals(1, outcome.exitCode(), outcome.errors());
    assertTrue(
        outcome.output().startsWith("WRONG: ") && outcome.output().contains("no NVIDIA driver"),
        outcome.output());
    assertFalse(json(folder.resolve("r")).path("fine").asBoolean(true));
  }

  @Test
  void saysThatGpusAreHidden(@TempDir Path folder) throws IOException, InterruptedException {
    TestGpu.requireDriver();
    Map<String, String> hidden = Map.of("CUDA_VISIBLE_DEVICES", "");
    Outcome outcome = run(folder, hidden, "--small", "--out", folder.resolve("r").toString());
    assertEquals(1, outcome.exitCode(), outcome.errors());
    assertTrue(
        outcome.output().startsWith("WRONG: ")
            && outcome.output().contains("that CUDA_VISIBLE_DEVICES does not hide it"),
        outcome.output());
  }

  @Test
  void wrongUsageIsSaid(@TempDir Path folder) throws IOException, InterruptedException {
    Outcome none = run(folder, Map.of(), "--small");
    assertEquals(2, none.exitCode());
    assertTrue(none.errors().contains("--out"), none.errors());
    Outcome minutes = run(folder, Map.of(), "--minutes", "0", "--out", folder.toString());
    assertEquals(2, minutes.exitCode());
    assertTrue(minutes.errors().contains("--minutes must be at least 1, not 0"), minutes.errors());
    Outcome vector =
        run(folder, Map.of(), "--backend", "vector", "--out", folder.resolve("r").toString());
    assertEquals(2, vector.exitCode());
    assertTrue(vector.errors().contains("--backend must be a GPU"), vector.errors());
  }
}
