package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.check.Findings.Copy;
import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Kernel;
import io.github.gpumf.check.Findings.Tests;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

final class ReportTest {
  private static Findings findings() {
    Findings findings = new Findings();
    findings.machine("GPU", "NVIDIA H200");
    findings.add(new Tests(7, List.of(), Map.of("needs <two> GPUs", 2), Map.of("ATest", 7), 1));
    findings.add(new Copy(CopyBandwidth.ON_DEVICE, 1_000_000, 0.5, 4_000));
    findings.add(new Kernel("adam_table", "as ml-1m & more", 64, 8_000_000, 4, 2));
    findings.add(new Epoch("gpumf", "Adam", 1_000_000, 6_040, 3_706, 64, 8_192, 20, 0.9));
    findings.addBatchSize(new Epoch("gpumf", "Adam", 100_001, 943, 1_682, 64, 1_000, 10.1, 0.9));
    return findings;
  }

  @Test
  void derivesRates() {
    Kernel kernel = findings().snapshot().kernels().getFirst();
    assertEquals(2_000, kernel.gigabytesPerSecond(), 1e-9, "8 MB in 4 us");
    assertEquals(0.5, kernel.ofFloor(), 1e-9, "twice the floor");
    assertEquals(50, findings().snapshot().epochs().getFirst().millionRatingsPerSecond(), 1e-9);
    // 101 batches, the last one of a single rating.
    assertEquals(100, findings().snapshot().batchSizes().getFirst().microsecondsPerBatch(), 1e-9);
    assertEquals(4e6, findings().copyBandwidth(), 1e-3, "bytes a microsecond");
  }

  @Test
  void verdictIsOneLine() {
    assertEquals(
        "FINE: NVIDIA H200; 7 tests passed, 0 failed, 2 left out; 1 times of kernels, 2 of epochs",
        Report.verdict(findings().snapshot(), true));
    assertTrue(Report.verdict(findings().snapshot(), false).startsWith("NOT FINISHED: "));
  }

  @Test
  void aProblemOrAFailedTestIsWrong() {
    Findings problem = findings();
    problem.problem("kernels: out of memory");
    problem.problem("epochs: too");
    assertFalse(Report.isFine(problem.snapshot()));
    assertTrue(
        Report.verdict(problem.snapshot(), true)
            .startsWith("WRONG: kernels: out of memory (and 1 more); NVIDIA H200"));
    Findings failed = findings();
    failed.add(new Tests(6, List.of("ATest > a: wrong"), Map.of(), Map.of(), 1));
    assertFalse(Report.isFine(failed.snapshot()));
    assertTrue(Report.verdict(failed.snapshot(), true).startsWith("WRONG: tests failed; "));
  }

  @Test
  void writesJsonTablesAndCharts(@TempDir Path folder) throws Exception {
    new Report(folder).write(findings().snapshot(), true);
    JsonNode json = new ObjectMapper().readTree(folder.resolve(Report.JSON).toFile());
    assertEquals("gpumf-gpu-check/1", json.path("schema").asText());
    JsonNode kernel = json.path("findings").path("kernels").path(0);
    assertEquals("adam_table", kernel.path("kernel").asText());
    assertEquals(2_000, kernel.path("gigabytesPerSecond").asDouble(), 1e-9);
    String markdown = Files.readString(folder.resolve(Report.MARKDOWN));
    assertTrue(
        markdown.contains(
            "| `adam_table` | as ml-1m & more | 64 | 8.0 | 4.0 | 2,000 | 2.0 | 50 % |"),
        markdown);
    for (String chart : List.of("kernels", "epochs", "batch-sizes")) {
      assertTrue(markdown.contains("(" + chart + ".svg)"), markdown);
      assertDraws(folder.resolve(chart + ".png"));
      assertWellFormed(folder.resolve(chart + ".svg"));
    }
  }

  /** Not just a background: a line or a bar has a colour, and letters have many shades. */
  private static void assertDraws(Path chart) throws IOException {
    BufferedImage image = ImageIO.read(chart.toFile());
    long colours =
        IntStream.range(0, image.getWidth() * image.getHeight())
            .map(at -> image.getRGB(at % image.getWidth(), at / image.getWidth()))
            .distinct()
            .count();
    assertTrue(colours > 8, chart + " has " + colours + " colours");
  }

  /** Or a browser shows nothing. */
  private static void assertWellFormed(Path chart) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    // The type is named by an address, which nobody needs to ask.
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    Document svg = factory.newDocumentBuilder().parse(chart.toFile());
    // At least title and axes, whose letters are outlines.
    assertTrue(svg.getElementsByTagName("path").getLength() >= 3, chart.toString());
  }

  @Test
  void writesWhatThereIs(@TempDir Path folder) throws IOException {
    Findings early = new Findings();
    early.problem("no NVIDIA driver");
    new Report(folder).write(early.snapshot(), true);
    assertTrue(Files.readString(folder.resolve(Report.MARKDOWN)).contains("- no NVIDIA driver"));
    assertFalse(Files.exists(folder.resolve("kernels.svg")), "nothing to draw");
  }
}
