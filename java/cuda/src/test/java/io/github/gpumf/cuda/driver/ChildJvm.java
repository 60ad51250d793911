package io.github.gpumf.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM beside this one, on the same class path and driver. */
record ChildJvm(Process process, Path output, Path errors) {
  /** What it did. */
  record Result(int exitCode, String output, String errors) {}

  /**
   * Starts one.
   *
   * @param directory of its output
   * @param withDriver whether it finds the driver that this JVM finds
   * @param options of the JVM, before the class
   */
  static ChildJvm start(Path directory, boolean withDriver, List<String> options, Class<?> main)
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
    if (!withDriver) {
      builder.environment().remove("LD_LIBRARY_PATH");
    }
    return new ChildJvm(builder.start(), output, errors);
  }

  Result await() throws IOException, InterruptedException {
    int exitCode = process.waitFor();
    return new Result(exitCode, Files.readString(output), Files.readString(errors));
  }
}
