package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.check.Findings.Copy;
import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Kernel;
import io.github.gpumf.check.Findings.Prepared;
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

  private static Epoch epoch(String by, String optimizer, int k, int batchSize, double time) {
    return new Epoch(by, optimizer, 25_000_000, 162_000, 59_000, k, batchSize, time, 0.9);
  }

  /** Ours with k = 128 and batches of 8,192 are faster, and beside no epoch of the peer. */
  private static Findings besidePyTorch() {
    Findings findings = findings();
    findings.addBatchSize(epoch("gpumf", "Adam", 64, 131_072, 200));
    findings.addBatchSize(epoch("gpumf", "LazyAdam", 64, 131_072, 100));
    findings.addBatchSize(epoch("gpumf", "LazyAdam", 64, 8_192, 1));
    findings.addPerRating(new Prepared(epoch("gpumf", "Sgd", 64, 300_000, 50), 2.5));
    findings.addPerRating(
        new Prepared(epoch("gpumf", "Sgd, factors as halves", 64, 300_000, 40), 2.25));
    findings.addPerRating(new Prepared(epoch("gpumf", "Sgd", 128, 300_000, 2), 3));
    findings.addPeer(epoch("PyTorch 2.9", "SparseAdam", 64, 131_072, 400));
    findings.addPeer(epoch("PyTorch 2.9", "Adam", 64, 131_072, 250));
    findings.addPeer(epoch("PyTorch 2.9", "SparseAdam", 64, 1_048_576, 120));
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

  @Test
  void comparesWithTheFastestOfPyTorch() {
    assertEquals(
        List.of(
            "25,000,000 ratings of 162,000 users and 59,000 items, k = 64: in batches of 131,072"
                + " GpuMf's fastest epoch takes 100.00 ms (LazyAdam), PyTorch's fastest 250.00 ms"
                + " (Adam by PyTorch 2.9), 2.50 times as long.",
            "25,000,000 ratings of 162,000 users and 59,000 items, k = 64: GpuMf's fastest epoch"
                + " with an update a rating takes 40.00 ms (Sgd, factors as halves), PyTorch's"
                + " fastest at any batch size 120.00 ms (SparseAdam by PyTorch 2.9, batches of"
                + " 1,048,576), 3.00 times as long."),
        Comparison.of(besidePyTorch().snapshot()).stream().map(Comparison::sentence).toList());
    assertEquals(List.of(), Comparison.of(findings().snapshot()), "there is no peer");
  }

  /** Also where k tells epochs apart and nothing else. */
  @Test
  void drawsABarForEachPeerAndComparison() {
    Findings findings = besidePyTorch();
    findings.addPeer(epoch("PyTorch 2.9", "SparseAdam", 128, 1_048_576, 240));
    Findings.Snapshot found = findings.snapshot();
    assertEquals(
        found.peers().size() + Comparison.of(found).size(),
        Charts.ratesBesidePeers(found).size(),
        Charts.ratesBesidePeers(found).toString());
  }

  @Test
  void writesPreparationsAndPeers(@TempDir Path folder) throws Exception {
    new Report(folder).write(besidePyTorch().snapshot(), true);
    JsonNode json = new ObjectMapper().readTree(folder.resolve(Report.JSON).toFile());
    JsonNode prepared = json.path("findings").path("perRating").path(0);
    assertEquals("Sgd", prepared.path("optimizer").asText());
    assertEquals(500, prepared.path("millionRatingsPerSecond").asDouble(), 1e-9);
    assertEquals(2.5, prepared.path("preparationSeconds").asDouble());
    JsonNode peer = json.path("findings").path("peers").path(2);
    assertEquals(25_000_000, peer.path("ratings").asLong());
    assertEquals(1_048_576, peer.path("batchSize").asInt());
    assertEquals(2.5, json.path("comparisons").path(0).path("ratio").asDouble(), 1e-9);
    String markdown = Files.readString(folder.resolve(Report.MARKDOWN));
    String shape = "| 25,000,000 | 162,000 | 59,000 | 64 |";
    assertTrue(
        markdown.contains(
            "| gpumf | Sgd " + shape + " 300,000 | 50.00 | 500.0 | 595.2 | 0.9000 | 2.50 |"),
        markdown);
    assertTrue(markdown.contains("| PyTorch 2.9 | SparseAdam " + shape + " 1,048,576 |"), markdown);
    for (Comparison comparison : Comparison.of(besidePyTorch().snapshot())) {
      assertTrue(markdown.contains("\n\n" + comparison.sentence() + "\n"), markdown);
    }
    assertTrue(markdown.contains("(peers.svg)"), markdown);
    assertDraws(folder.resolve("peers.png"));
    assertWellFormed(folder.resolve("peers.svg"));
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
