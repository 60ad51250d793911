package io.github.gpumf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.RatingsWriter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.recommend.Recommendation;
import io.github.gpumf.recommend.Recommender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is the one that is compiled here, and it runs as the README says. */
final class ReadmeExampleTest {
  private static final Path ROOT = Path.of(System.getProperty("gpumf.root", "../.."));

  @TempDir private Path directory;

  /** The only group of the only match. */
  private static String only(String pattern, Path file) throws IOException {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(Files.readString(file));
    assertTrue(matcher.find(), () -> pattern + " is not in " + file);
    String found = matcher.group(1);
    assertTrue(!matcher.find(), () -> pattern + " is in " + file + " twice");
    return found;
  }

  @Test
  void theReadmeShowsWhatIsCompiled() throws IOException {
    String shown = only("```java\n(.*?)```", ROOT.resolve("README.md"));
    String compiled =
        only(
            "// @start region=\"service\"\n(.*?)// @end",
            ROOT.resolve("java/core/src/test/java/io/github/gpumf/ReadmeExample.java"));
    assertEquals(compiled.replaceAll("\\s+", " ").trim(), shown.replaceAll("\\s+", " ").trim());
  }

  @Test
  void itRunsWithTheOptionsOfTheReadme() throws Exception {
    RatingsWriter.write(
        SyntheticRatings.movieLensLike().withSize(200, 100, 4000).generate(),
        directory.resolve("ratings.csv"));
    String options = only("Start the JVM with `java (@[^`]*)`", ROOT.resolve("README.md"));
    Files.copy(ROOT.resolve("java/jvm.options"), directory.resolve("jvm.options"));
    List<String> lines = JavaProcess.run(directory, ReadmeExample.class, options);
    List<String> expected = new ArrayList<>();
    try (Recommender recommender =
        Recommender.of(ModelFile.load(directory.resolve("model.safetensors")))) {
      for (Recommendation item : recommender.recommend(42, 10)) {
        expected.add(item.itemId() + " " + item.score());
      }
    }
    assertEquals(10, expected.size());
    // The JVM warns of its incubator module first.
    assertEquals(expected, lines.subList(Math.max(0, lines.size() - 10), lines.size()));
    assertTrue(lines.size() <= 11, () -> "nothing else is said: " + lines);
  }
}
