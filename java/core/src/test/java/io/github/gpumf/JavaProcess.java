package io.github.gpumf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a main class of the tests in a JVM of its own. */
public final class JavaProcess {
  private JavaProcess() {}

  /**
   * Runs a class to its end, which must be a good one.
   *
   * @param directory to run in; gets a file with the output
   * @param main the class
   * @param flags of the JVM
   * @return the lines of its output and its errors
   */
  public static List<String> run(Path directory, Class<?> main, String... flags)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    List<String> lines = Files.readAllLines(output);
    assertEquals(0, exit, () -> String.join("\n", lines));
    return lines;
  }
}
