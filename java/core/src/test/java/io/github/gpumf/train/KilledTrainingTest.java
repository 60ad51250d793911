package io.github.gpumf.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.io.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills processes that train, as {@code kill -9} does, and lets others go on. */
class KilledTrainingTest {
  private static final long SEED = 20261;

  @TempDir private Path directory;

  private Process start() throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            CheckpointedTraining.class.getName(),
            checkpoints().toString(),
            model().toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
        .start();
  }

  private Path checkpoints() {
    return directory.resolve("checkpoints");
  }

  private Path model() {
    return directory.resolve("model.safetensors");
  }

  private Path log() {
    return directory.resolve("log");
  }

  /** The epoch of the newest checkpoint; 0 if there is none. */
  private int newest() throws IOException {
    if (Files.notExists(checkpoints())) {
      return 0;
    }
    try (var files = Files.list(checkpoints())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("checkpoint-"))
          .mapToInt(name -> Integer.parseInt(name, 11, 17, 10))
          .max()
          .orElse(0);
    }
  }

  private static void kill(Process process) throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Test
  void endsWithTheSameBytesHoweverOftenItIsKilled() throws Exception {
    Path expected = directory.resolve("expected.safetensors");
    Path uninterrupted = directory.resolve("uninterrupted");
    ModelFile.save(
        CheckpointedTraining.train(new Checkpointing(uninterrupted, 1, false)).model(), expected);

    int killed = 0;
    for (int epoch : new int[] {1, 2, 10, 25}) {
      Process process = start();
      while (newest() < epoch && process.isAlive()) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      kill(process);
      killed += process.exitValue() == 0 ? 0 : 1;
      assertTrue(newest() >= epoch, () -> "no checkpoint of epoch " + epoch + ": " + output());
    }
    // From here on at moments of the training that no checkpoint announces.
    Random random = new Random(SEED);
    for (int time = 0; time < 4; time++) {
      int before = newest();
      Process process = start();
      while (newest() == before && process.isAlive()) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      TimeUnit.MICROSECONDS.sleep(random.nextInt(30_000));
      kill(process);
      killed += process.exitValue() == 0 ? 0 : 1;
    }
    assertTrue(killed >= 4, "only " + killed + " processes were killed before their end");

    Process last = start();
    assertEquals(0, last.waitFor(), this::output);
    assertEquals(-1, Files.mismatch(expected, model()), "seed " + SEED);
    assertEquals(CheckpointedTraining.EPOCHS, newest());
    try (var files = Files.list(checkpoints())) {
      assertEquals(2, files.count(), "unfinished files are cleared away");
    }
  }

  private String output() {
    try {
      return Files.readString(log());
    } catch (IOException failure) {
      return failure.toString();
    }
  }
}
