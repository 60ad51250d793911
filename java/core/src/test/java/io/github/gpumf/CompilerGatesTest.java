package io.github.gpumf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What javac said of the sources in {@code src/gates}, compiled with the settings of the product:
 * each must have been refused by the check it offends.
 */
final class CompilerGatesTest {

  @ParameterizedTest
  @CsvSource({
    "errorprone, ReturnsNull.java, [NullAway]",
    "errorprone, ComparesArrays.java, [ArrayEquals]",
    "lint, RawType.java, [rawtypes]"
  })
  void refuses(String gate, String file, String check) throws IOException {
    Path log = Path.of("target", "gates-" + gate + ".log");
    String said = Files.readString(log);
    assertTrue(
        said.lines().anyMatch(line -> line.contains(file) && line.contains(check)),
        () -> "javac did not report " + check + " for " + file + "; it said:\n" + said);
  }
}
