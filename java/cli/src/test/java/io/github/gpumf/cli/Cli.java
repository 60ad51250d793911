package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs commands within this JVM. */
final class Cli {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Cli() {}

  /** What a command did. */
  record Run(int exitCode, String out, String err) {
    /** The answer, which must be one JSON object and nothing else. */
    JsonNode json() {
      try {
        return JSON.readTree(out);
      } catch (JsonProcessingException malformed) {
        throw new AssertionError("not JSON: " + out, malformed);
      }
    }

    List<String> keys() {
      return keysOf(json());
    }
  }

  static List<String> keysOf(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  static Run run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Main.run(
            args,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Run(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Runs a command that must succeed. */
  static Run succeed(String... args) {
    Run run = run(args);
    assertEquals(0, run.exitCode(), () -> String.join(" ", args) + "\n" + run.err());
    return run;
  }

  /** Runs a command line without quotes. */
  static Run succeed(String line) {
    return succeed(line.split(" ", -1));
  }
}
