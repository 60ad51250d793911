package io.github.gpumf.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A JVM beside this one, on the same class path and driver. */
record ChildJvm(Process process, Path output, Path errors) {
  /** What it did. */
  record Result(int exitCode, String output, String errors) {}

  /**
   * Starts one that finds the libraries of a folder, and no others of ours.
   *
   * @param libraries the folder; {@link #start} has the rest
   */
  static ChildJvm startWith(Path libraries, Path directory, List<String> options, Class<?> main)
      throws IOException {
    return start(directory, libraries.toString(), options, main);
  }

  /**
   * Starts one.
   *
   * @param directory of its output
   * @param withDriver whether it finds the driver that this JVM finds
   * @param options of the JVM, before the class
   */
  static ChildJvm start(Path directory, boolean withDriver, List<String> options, Class<?> main)
      throws IOException {
    return start(directory, withDriver ? System.getenv("LD_LIBRARY_PATH") : null, options, main);
  }

  private static ChildJvm start(
      Path directory, @Nullable String libraryPath, List<String> options, Class<?> main)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    // Small and quick to start: many of them run at once.
    command.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    Path output = Files.createTempFile(directory, "child", ".out");
    Path errors = Files.createTempFile(directory, "child", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    // The JVM announces these on standard error.
    builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
    if (libraryPath == null) {
      builder.environment().remove("LD_LIBRARY_PATH");
    } else {
      builder.environment().put("LD_LIBRARY_PATH", libraryPath);
    }
    return new ChildJvm(builder.start(), output, errors);
  }

  Result await() throws IOException, InterruptedException {
    int exitCode = process.waitFor();
    return new Result(exitCode, Files.readString(output), Files.readString(errors));
  }
}
