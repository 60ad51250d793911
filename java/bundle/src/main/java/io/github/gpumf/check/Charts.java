package io.github.gpumf.check;

import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Kernel;
import io.github.gpumf.check.Findings.Snapshot;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;

/**
 * Which charts there are, and how they look. Each is a PNG and an SVG; the SVG has its letters as
 * outlines, so it looks the same wherever it is seen.
 *
 * <p>Java measures letters even so, and on a machine without fonts it cannot draw at all: the
 * bundle's runtime brings its own.
 */
final class Charts {
  private static final int WIDTH = 1_000;
  private static final int HEIGHT = 500;
  private static final int HEIGHT_OF_BAR = 22;
  private static final int HEIGHT_BESIDE_BARS = 110;
  private static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

  private Charts() {}

  /**
   * Writes those for which there are findings.
   *
   * @return names of the files, without their ending
   * @throws IOException if they cannot be written
   */
  static List<String> write(Path folder, Snapshot found) throws IOException {
    Map<String, Chart<?, ?>> charts = of(found);
    for (Map.Entry<String, Chart<?, ?>> chart : charts.entrySet()) {
      for (String format : List.of("png", "svg")) {
        Files.write(
            folder.resolve(chart.getKey() + "." + format),
            ChartEncoder.getBytes(chart.getValue(), format));
      }
    }
    return List.copyOf(charts.keySet());
  }

  private static Map<String, Chart<?, ?>> of(Snapshot found) {
    Map<String, Chart<?, ?>> charts = new LinkedHashMap<>();
    if (!found.kernels().isEmpty()) {
      charts.put("kernels", kernels(found));
    }
    if (!found.epochs().isEmpty()) {
      charts.put(
          "epochs",
          lines(
              "Epochs",
              "ratings of an epoch",
              "million ratings a second",
              found.epochs(),
              Epoch::optimizer,
              Epoch::ratings,
              Epoch::millionRatingsPerSecond));
    }
    if (!found.batchSizes().isEmpty()) {
      charts.put(
          "batch-sizes",
          lines(
              "What a batch costs",
              "batch size",
              "microseconds a batch",
              found.batchSizes(),
              epoch ->
                  String.format(Locale.ROOT, "%s, %,d ratings", epoch.optimizer(), epoch.ratings()),
              Epoch::batchSize,
              Epoch::microsecondsPerBatch));
    }
    if (!found.peers().isEmpty()) {
      charts.put(
          "peers",
          bars(
              "Beside PyTorch, ratings of a step of those of an epoch",
              "million ratings a second",
              ratesBesidePeers(found)));
    }
    return charts;
  }

  /** A line for each name, on axes of powers of ten. */
  private static XYChart lines(
      String title,
      String xName,
      String yName,
      List<Epoch> epochs,
      Function<Epoch, String> name,
      ToDoubleFunction<Epoch> x,
      ToDoubleFunction<Epoch> y) {
    Map<String, List<Epoch>> byName = new LinkedHashMap<>();
    for (Epoch epoch : epochs) {
      byName.computeIfAbsent(name.apply(epoch), none -> new ArrayList<>()).add(epoch);
    }
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xName)
            .yAxisTitle(yName)
            .build();
    plain(chart.getStyler());
    double[] xs = epochs.stream().mapToDouble(x).toArray();
    double[] ys = epochs.stream().mapToDouble(y).toArray();
    chart
        .getStyler()
        .setXAxisLogarithmic(true)
        .setXAxisMin(decade(xs, false))
        .setXAxisMax(decade(xs, true))
        .setYAxisLogarithmic(true)
        .setYAxisMin(decade(ys, false))
        .setYAxisMax(decade(ys, true));
    byName.forEach(
        (series, line) ->
            chart.addSeries(
                series,
                line.stream().mapToDouble(x).toArray(),
                line.stream().mapToDouble(y).toArray()));
    return chart;
  }

  /** The power of ten below or above all of them: only powers are named on an axis. */
  private static double decade(double[] values, boolean above) {
    return above
        ? Math.pow(10, Math.floor(Math.log10(Arrays.stream(values).max().orElse(1))) + 1)
        : Math.pow(10, Math.floor(Math.log10(Arrays.stream(values).min().orElse(1))));
  }

  /** At k = 64, or what there is, on the size that was measured last of each kernel. */
  private static HorizontalBarChart kernels(Snapshot found) {
    int k =
        found.kernels().stream().anyMatch(kernel -> kernel.factors() == 64)
            ? 64
            : found.kernels().getLast().factors();
    Map<String, Kernel> last = new LinkedHashMap<>();
    for (Kernel kernel : found.kernels()) {
      if (kernel.factors() == k || kernel.factors() == 0) {
        last.put(kernel.kernel(), kernel);
      }
    }
    Map<String, Number> percents = new LinkedHashMap<>();
    last.forEach((name, kernel) -> percents.put(name, Math.round(100 * kernel.ofFloor())));
    return bars(
        "Kernels, k = " + k + ", largest size",
        "floor over time, percent: at 100 as fast as a copy of the same bytes",
        percents);
  }

  /** PyTorch's epochs, and ours that are compared with them. */
  static Map<String, Number> ratesBesidePeers(Snapshot found) {
    Map<String, Number> rates = new LinkedHashMap<>();
    for (Epoch peer : found.peers()) {
      rates.put(nameOfPeer(peer, peer.batchSize()), rate(peer));
    }
    for (Comparison comparison : Comparison.of(found)) {
      Epoch ours = comparison.ours();
      rates.put(nameOfPeer(ours, comparison.perRating() ? 1 : ours.batchSize()), rate(ours));
    }
    return rates;
  }

  private static String nameOfPeer(Epoch epoch, int updateOf) {
    return String.format(
        Locale.ROOT,
        "%s, %s, k = %d, %,d of %,d",
        epoch.by(),
        epoch.optimizer(),
        epoch.factors(),
        updateOf,
        epoch.ratings());
  }

  /** With one digit after the point, as a bar shows it. */
  private static double rate(Epoch epoch) {
    return Math.round(10 * epoch.millionRatingsPerSecond()) / 10.0;
  }

  /** A bar for each name, from the top. */
  private static HorizontalBarChart bars(String title, String xName, Map<String, Number> bars) {
    HorizontalBarChart chart =
        new HorizontalBarChartBuilder()
            .width(WIDTH)
            .height(HEIGHT_BESIDE_BARS + HEIGHT_OF_BAR * bars.size())
            .title(title)
            .xAxisTitle(xName)
            .build();
    plain(chart.getStyler());
    chart.getStyler().setLabelsVisible(true).setLegendVisible(false);
    // So that each bar has its name: XChart goes by the other axis' hint for names, too.
    chart.getStyler().setXAxisTickMarkSpacingHint(HEIGHT_OF_BAR * 3 / 4);
    chart.addSeries("all", List.copyOf(bars.values()), List.copyOf(bars.keySet()));
    return chart;
  }

  private static void plain(AxesChartStyler styler) {
    styler
        .setPlotGridLinesColor(GRID)
        .setPlotGridLinesStroke(new BasicStroke(1))
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBorderColor(GRID);
  }
}
