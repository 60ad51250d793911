package io.github.gpumf.check;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.github.gpumf.check.Findings.Snapshot;
import io.github.gpumf.check.Findings.Tests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files of a check. */
final class Report {
  static final String JSON = "gpu-check.json";
  static final String MARKDOWN = "gpu-check.md";

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path folder;

  Report(Path folder) {
    this.folder = folder;
  }

  /** Whether anything is wrong. */
  static boolean isFine(Snapshot found) {
    Tests tests = found.tests();
    return found.problems().isEmpty() && (tests == null || tests.failed().isEmpty());
  }

  /** One line. */
  static String verdict(Snapshot found, boolean complete) {
    Tests tests = found.tests();
    String outcome =
        tests == null
            ? "no tests run"
            : tests.passed()
                + " tests passed, "
                + tests.failed().size()
                + " failed, "
                + tests.leftOut().values().stream().mapToInt(Integer::intValue).sum()
                + " left out";
    String measured =
        found.kernels().size()
            + " times of kernels, "
            + (found.epochs().size() + found.batchSizes().size() + found.perRating().size())
            + " of epochs";
    String on = found.machine().getOrDefault("GPU", "no GPU");
    if (isFine(found)) {
      return (complete ? "FINE: " : "NOT FINISHED: ") + String.join("; ", on, outcome, measured);
    }
    String first =
        found.problems().isEmpty()
            ? "tests failed"
            : found.problems().getFirst()
                + (found.problems().size() > 1
                    ? " (and " + (found.problems().size() - 1) + " more)"
                    : "");
    return "WRONG: " + String.join("; ", first, on, outcome, measured);
  }

  /**
   * Writes what there is before it is complete, all but the charts: whatever comes after, this is
   * there.
   *
   * @throws IOException if it cannot be written
   */
  void writeSoFar(Snapshot found) throws IOException {
    write(found, false, List.of());
  }

  /**
   * Writes all files.
   *
   * @param complete false if there was more to come
   * @throws IOException if they cannot be written
   */
  void write(Snapshot found, boolean complete) throws IOException {
    write(found, complete, charts(found));
  }

  private synchronized void write(Snapshot found, boolean complete, List<String> charts)
      throws IOException {
    String verdict = verdict(found, complete);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", "gpumf-gpu-check/1");
    json.put("verdict", verdict);
    json.put("fine", isFine(found));
    json.put("complete", complete);
    json.put("findings", found);
    json.put("comparisons", Comparison.of(found));
    MAPPER.writeValue(folder.resolve(JSON).toFile(), json);
    Files.writeString(folder.resolve(MARKDOWN), MarkdownReport.of(found, verdict, charts));
  }

  /** Lines of the report. Where Java has no fonts, it has no charts, and all the rest. */
  private List<String> charts(Snapshot found) throws IOException {
    try {
      return Charts.write(folder, found).stream()
          .map(name -> "![" + name + "](" + name + ".svg)")
          .toList();
    } catch (RuntimeException | LinkageError | InternalError cannotDraw) {
      return List.of("None: this Java cannot draw them (" + cannotDraw + ")");
    }
  }
}
