package io.github.gpumf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.vector.VectorBackendProvider;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file {@code java/jvm.options}, from which the command and services start. */
class JvmOptionsTest {
  private static final Path OPTIONS = Path.of(System.getProperty("gpumf.root"), "java/jvm.options");
  private static final Pattern EARLIER_OR_LATER =
      Pattern.compile("-XX:CompileCommand=CompileThresholdScaling,(.+)\\.\\*::\\*,[\\d.]+");

  /** Uses the vector backend. */
  static final class Chooser {
    public static void main(String[] args) {
      System.out.println(Backends.select("vector").backend().name());
    }
  }

  @Test
  void jvmUnderstandsItAndHasNothingToSay(@TempDir Path folder) throws Exception {
    assertEquals(
        List.of("WARNING: Using incubator modules: jdk.incubator.vector", "vector"),
        JavaProcess.run(folder, Chooser.class, "@" + OPTIONS));
  }

  /** A pattern that fits nothing is no error to the JVM. */
  @Test
  void packagesThatAreCompiledEarlierOrLaterExist() throws Exception {
    List<String> packages =
        Files.readAllLines(OPTIONS).stream()
            .map(EARLIER_OR_LATER::matcher)
            .filter(Matcher::matches)
            .map(match -> match.group(1))
            .toList();
    assertEquals(3, packages.size());
    for (String name : packages) {
      assertTrue(
          name.equals(VectorBackendProvider.class.getPackageName())
              || ModuleFinder.ofSystem().findAll().stream()
                  .anyMatch(module -> module.descriptor().packages().contains(name)),
          name);
    }
  }
}
