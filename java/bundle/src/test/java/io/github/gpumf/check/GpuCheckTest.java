package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command in a JVM of its own, as the bundle runs it. */
final class GpuCheckTest {
  /** What a run leaves. */
  private record Outcome(int exitCode, String output, String errors) {}

  private static Outcome run(Path folder, boolean withDriver, String... arguments)
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
    if (!withDriver) {
      builder.environment().remove("LD_LIBRARY_PATH");
    }
    int exitCode = builder.start().waitFor();
    return new Outcome(exitCode, Files.readString(output), Files.readString(errors));
  }

  private static void requireDriver() {
    if (CudaDrivers.preferred() instanceof Missing missing) {
      if (System.getProperty("gpumf.require", "").contains("cuda")) {
        fail(missing.reason() + ". -Dgpumf.require=cuda asks for a driver");
      }
      Assumptions.abort("left out, there is no CUDA driver: " + missing.reason());
    }
  }

  private static JsonNode json(Path results) throws IOException {
    return new ObjectMapper().readTree(results.resolve(Report.JSON).toFile());
  }

  @Test
  void measuresEverything(@TempDir Path folder) throws IOException, InterruptedException {
    requireDriver();
    Path results = folder.resolve("new/results");
    Outcome outcome = run(folder, true, "--small", "--skip-tests", "--out", results.toString());
    assertEquals(0, outcome.exitCode(), outcome.errors());
    assertEquals(1, outcome.output().lines().count(), outcome.output());
    assertTrue(outcome.output().startsWith("FINE: "), outcome.output());
    JsonNode found = json(results).path("findings");
    for (String part : List.of("copies", "kernels", "epochs", "batchSizes", "topItems")) {
      assertFalse(found.path(part).isEmpty(), part + " in " + found);
    }
    found
        .path("kernels")
        .forEach(
            kernel -> assertTrue(kernel.path("microseconds").asDouble() > 0, kernel.toString()));
    assertTrue(found.path("notes").toString().contains("--skip-tests"), found.toString());
  }

  @Test
  void aCheckWithoutTestsOnTheClassPathIsWrong(@TempDir Path folder)
      throws IOException, InterruptedException {
    requireDriver();
    // This module's class path has no backend tests: finding none must not look like passing all.
    Outcome outcome = run(folder, true, "--small", "--out", folder.resolve("r").toString());
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
        System.getenv("LD_LIBRARY_PATH") != null
            && Files.exists(Path.of(System.getenv("LD_LIBRARY_PATH"), "libcuda.so.1")),
        "left out, the driver here is not on the library path and cannot be hidden");
    Outcome outcome = run(folder, false, "--small", "--out", folder.resolve("r").toString());
    assertEquals(1, outcome.exitCode(), outcome.errors());
    assertTrue(
        outcome.output().startsWith("WRONG: ") && outcome.output().contains("no NVIDIA driver"),
        outcome.output());
    assertFalse(json(folder.resolve("r")).path("fine").asBoolean(true));
  }

  @Test
  void wrongUsageIsSaid(@TempDir Path folder) throws IOException, InterruptedException {
    Outcome none = run(folder, true, "--small");
    assertEquals(2, none.exitCode());
    assertTrue(none.errors().contains("--out"), none.errors());
    Outcome minutes = run(folder, true, "--minutes", "0", "--out", folder.toString());
    assertEquals(2, minutes.exitCode());
    assertTrue(minutes.errors().contains("--minutes must be at least 1, not 0"), minutes.errors());
  }
}
