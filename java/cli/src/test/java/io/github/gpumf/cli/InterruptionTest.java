package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Interrupts processes that train, as Ctrl-C does. */
class InterruptionTest {
  /** 128 and the number of SIGTERM, which Process can send; SIGINT is handled by the same hook. */
  private static final int TERMINATED = 143;

  @TempDir private Path folder = Path.of("");

  /** Starts a training that would take hours. */
  private Process start(String more) throws IOException {
    String ratings = folder.resolve("ratings.tsv").toString();
    Cli.succeed("generate --users 80 --items 60 --ratings 1100 --output " + ratings);
    String[] command =
        (ProcessHandle.current().info().command().orElseThrow()
                + " --add-modules jdk.incubator.vector -XX:TieredStopAtLevel=1 -cp CLASSPATH "
                + Main.class.getName()
                + " train --epochs 100000000 --ratings "
                + ratings
                + " --output "
                + folder.resolve("model")
                + more)
            .split(" ", -1);
    for (int at = 0; at < command.length; at++) {
      command[at] = command[at].replace("CLASSPATH", System.getProperty("java.class.path"));
    }
    return new ProcessBuilder(command).start();
  }

  private static void readUpTo(String start, BufferedReader lines) throws IOException {
    String line = "";
    while (line != null && !line.startsWith(start)) {
      line = lines.readLine();
    }
    assertTrue(line != null, "the process ended without a line that starts with " + start);
  }

  @Test
  void modelOfTheLastFinishedEpochIsSaved() throws Exception {
    Process process = start(" --json");
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      readUpTo("epoch 3/", err);
      process.toHandle().destroy();
      // Both streams: a process whose error stream is full would wait for its reader.
      String messages = err.lines().collect(Collectors.joining("\n"));
      String answer = out.lines().collect(Collectors.joining("\n"));
      assertEquals(TERMINATED, process.waitFor(), messages);
      assertTrue(messages.contains("cancelled: saving the model of epoch "), messages);
      assertEquals("cancelled", new Cli.Run(0, answer, "").json().get("stopReason").textValue());
      Cli.succeed("recommend", "--model", folder.resolve("model").toString(), "--user", "1");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void summarySaysHowManyEpochsWereAskedFor() throws Exception {
    Process process = start("");
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      readUpTo("epoch 3/", err);
      process.toHandle().destroy();
      String messages = err.lines().collect(Collectors.joining("\n"));
      String answer = out.lines().collect(Collectors.joining("\n"));
      assertEquals(TERMINATED, process.waitFor(), messages);
      assertTrue(
          answer.matches(".*, epoch ([0-9]+) of 100000000 \\(cancelled after \\1\\), training.*"),
          answer);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void nothingIsSavedBeforeTheFirstEpochEnds() throws Exception {
    // Adam moves every row in each of 1100 steps, so the first epoch takes seconds.
    Process process = start(" --backend scalar --factors 1024 --batch-size 1 --optimizer adam");
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      readUpTo("backend ", err);
      process.toHandle().destroy();
      String messages = err.lines().collect(Collectors.joining("\n"));
      assertEquals(TERMINATED, process.waitFor(), messages);
      assertTrue(messages.contains("gpumf: cancelled before the first epoch ended"), messages);
      assertTrue(Files.notExists(folder.resolve("model")));
    } finally {
      process.destroyForcibly();
    }
  }
}
