package io.github.gpumf.cli;

import static io.github.gpumf.cli.BadInputs.FAILURE;
import static io.github.gpumf.cli.BadInputs.USAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that a user can get wrong: the exit code, what the message says, and that nothing is
 * left behind.
 */
class BadInputTest {
  @TempDir private static Path workshop = Path.of("");
  private static List<Fixtures> fixtures = List.of();

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void makeFixtures() throws IOException {
    fixtures = List.of(new Fixtures(workshop));
  }

  @ParameterizedTest
  @MethodSource("io.github.gpumf.cli.BadInputs#rows")
  void failsWithAMessage(BadInputs.Row row) throws IOException {
    for (String file : row.files().split(" ", -1)) {
      if (!file.isEmpty()) {
        fixtures.getFirst().write(file, folder);
      }
    }
    SortedMap<Path, Long> before = files();
    Cli.Run run = Cli.run(arguments(row.command()));
    assertEquals(row.exitCode(), run.exitCode(), run.err());
    assertEquals("", run.out());
    assertOneMessage(run.err());
    for (String part : row.parts()) {
      assertTrue(run.err().contains(inFolder(part)), part + " is not in: " + run.err());
    }
    assertEquals(row.exitCode() == USAGE, run.err().contains("See: gpumf"), run.err());
    assertEquals(before, files(), "files changed or left behind");
  }

  private static void assertOneMessage(String err) {
    assertEquals(1, err.lines().filter(line -> line.startsWith("gpumf: ")).count(), err);
    assertFalse(err.contains("\tat "), err);
    assertFalse(err.contains("Exception"), err);
    assertFalse(err.contains("defect of gpumf"), err);
    assertFalse(err.contains("null"), err);
  }

  private String inFolder(String text) {
    return text.replace("HERE", folder.toString());
  }

  private String[] arguments(String command) {
    return Arrays.stream(inFolder(command).split(" +"))
        .map(argument -> argument.equals("''") ? "" : argument)
        .toArray(String[]::new);
  }

  /** All files below the folder, and when they were changed. */
  private SortedMap<Path, Long> files() throws IOException {
    SortedMap<Path, Long> found = new TreeMap<>();
    try (var all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        boolean isFile = Files.isRegularFile(file);
        found.put(file, isFile ? Files.getLastModifiedTime(file).toMillis() : 0L);
      }
    }
    return found;
  }

  @Test
  void lastGoodModelIsKeptWhenTrainingDiverges() throws IOException {
    fixtures.getFirst().write("good.csv", folder);
    // With one batch an epoch the loss of the first step is seen in the second epoch.
    Cli.Run run =
        Cli.run(
            arguments(
                "train --ratings HERE/good.csv --output HERE/out --optimizer sgd --learning-rate 1e6"
                    + " --schedule constant --batch-size 100000"));
    assertEquals(FAILURE, run.exitCode());
    assertEquals("", run.out());
    assertOneMessage(run.err());
    assertTrue(run.err().contains("diverged in epoch 2, batch 1 of 1"), run.err());
    Path kept = folder.resolve("out.last-good");
    assertTrue(run.err().contains("the model of epoch 1 is kept, saved as " + kept), run.err());
    assertTrue(Files.notExists(folder.resolve("out")));
    Cli.succeed("recommend", "--model", kept.toString(), "--user", "1");
  }

  @Test
  void deviceIsNotReplaced() throws IOException {
    fixtures.getFirst().write("good.csv", folder);
    Path link = Files.createSymbolicLink(folder.resolve("null"), Path.of("/dev/null"));
    Cli.Run run = Cli.run(arguments("train --ratings HERE/good.csv --output HERE/null --epochs 1"));
    assertEquals(FAILURE, run.exitCode());
    assertTrue(run.err().contains("it is a device or a pipe"), run.err());
    assertTrue(Files.isSymbolicLink(link));
    Files.delete(link);
  }

  @Test
  void answerThatCannotBeWrittenIsAFailure() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("no space left");
          }
        };
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Main.run(
            new String[] {"doctor"},
            new PrintStream(full, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    assertEquals(FAILURE, exitCode);
    assertOneMessage(err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void noArgumentsShowTheHelp() {
    Cli.Run run = Cli.run();
    assertEquals(USAGE, run.exitCode());
    assertEquals("", run.out());
    assertTrue(run.err().contains("gpumf demo"), run.err());
    assertTrue(run.err().contains("Exit codes:"), run.err());
    for (int code : new int[] {0, FAILURE, USAGE, 130, 143}) {
      assertTrue(run.err().matches("(?s).*\\R +" + code + " +[a-z].*"), code + ": " + run.err());
    }
  }
}
