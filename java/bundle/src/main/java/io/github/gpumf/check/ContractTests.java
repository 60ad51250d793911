package io.github.gpumf.check;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.check.Findings.Tests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Correctness: the tests that every backend passes, Keras' traces, and those of the kernels. */
final class ContractTests implements Measure {
  /** Without these nothing is proved, however many others pass. */
  private static final List<String> EXPECTED =
      List.of(
          "CudaBackendTest",
          "CudaPerRatingTest",
          "CudaHalfPrecisionTest",
          "CudaScorerTest",
          "KerasParityTest",
          "OptimizersTest",
          "GradientsTest");

  private final CheckedGpu gpu;
  private final Path folder;
  private final long mostSeconds;

  /**
   * Nothing is run yet.
   *
   * @param gpu that they run on
   * @param folder of the tests' report
   * @param mostSeconds after which they are ended
   */
  ContractTests(CheckedGpu gpu, Path folder, long mostSeconds) {
    this.gpu = gpu;
    this.folder = folder;
    this.mostSeconds = mostSeconds;
  }

  @Override
  public String name() {
    return "tests";
  }

  @Override
  public void run(Findings findings) throws IOException, InterruptedException {
    Path report = folder.resolve("tests.json");
    Files.deleteIfExists(report);
    ProcessBuilder builder =
        new ProcessBuilder(command(report))
            .redirectOutput(ProcessBuilder.Redirect.to(folder.resolve("tests.out").toFile()))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    gpu.makeFirst(builder);
    Process tests = builder.start();
    try {
      if (!tests.waitFor(mostSeconds, TimeUnit.SECONDS)) {
        throw new IOException("the tests did not end within " + mostSeconds + " seconds");
      }
    } finally {
      tests.destroyForcibly();
    }
    if (!Files.exists(report)) {
      throw new IOException("the tests' process ended with " + tests.exitValue() + " half-way");
    }
    Tests outcome = new ObjectMapper().readValue(report.toFile(), Tests.class);
    findings.add(outcome);
    for (String expected : EXPECTED) {
      if (!outcome.classes().containsKey(expected) && outcome.failed().isEmpty()) {
        findings.problem(expected + " has not run: is its jar in lib/?");
      }
    }
  }

  private static List<String> command(Path report) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dgpumf.backends=cuda");
    command.add("-Dgpumf.require=cuda");
    String golden = System.getProperty("gpumf.golden");
    if (golden != null) {
      command.add("-Dgpumf.golden=" + golden);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(TestRun.class.getName(), report.toAbsolutePath().toString()));
    return command;
  }
}
