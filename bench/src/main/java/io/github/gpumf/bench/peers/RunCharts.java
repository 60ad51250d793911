package io.github.gpumf.bench.peers;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The charts of a run, each as PNG and as SVG. */
final class RunCharts {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 480;
  private static final double MILLION = 1e6;

  /** Told apart by the colour-blind (P. Tol's bright and muted schemes), GpuMf's first. */
  private static final Color[] COLOURS = {
    new Color(0x4477AA),
    new Color(0x66CCEE),
    new Color(0x228833),
    new Color(0xEE6677),
    new Color(0xCCBB44),
    new Color(0xAA3377),
    new Color(0x999933),
    new Color(0x332288),
    new Color(0xBBBBBB),
    new Color(0x882255),
    new Color(0x44AA99),
    new Color(0xDDCC77),
  };

  private final Findings found;
  private final Path folder;

  private RunCharts(Findings found, Path folder) {
    this.found = found;
    this.folder = folder;
  }

  /** Writes them all; a missing font is named with the package that brings it. */
  static void write(Findings found, Path folder) throws IOException {
    Files.createDirectories(folder);
    try {
      new RunCharts(found, folder).writeAll();
    } catch (LinkageError | RuntimeException noFonts) {
      throw new IOException(
          "the charts could not be drawn; if fonts are missing, on Debian: apt-get install fontconfig libfreetype6 fonts-dejavu-core",
          noFonts);
    }
  }

  private void writeAll() throws IOException {
    bars(
        "peers",
        "Epochs of the same model, k = 64",
        "",
        found.of(Findings.BESIDE),
        result ->
            result.contestant().batchSize() == 0
                ? "a rating at a time"
                : String.format(Locale.ROOT, "batch %,d", result.contestant().batchSize()));
    bars(
        "backends",
        "Backends by k, batches of 1,024",
        "",
        found.of(Findings.BACKENDS),
        result -> "k = " + result.contestant().factors());
    bars(
        "threads",
        "Threads, k = 64, batches of 8,192",
        "",
        found.of(Findings.THREADS),
        result ->
            result.contestant().threads()
                + (result.contestant().threads() == 1 ? " thread" : " threads"));
    quality();
    sizes();
  }

  private static String name(Result result) {
    return result.contestant().engine() + ": " + result.contestant().recipe();
  }

  private static Map<String, List<Result>> bySeries(List<Result> results) {
    Map<String, List<Result>> series = new LinkedHashMap<>();
    results.forEach(
        result -> series.computeIfAbsent(name(result), any -> new ArrayList<>()).add(result));
    return series;
  }

  private void bars(
      String file, String title, String axis, List<Result> results, Function<Result, String> at)
      throws IOException {
    if (results.isEmpty()) {
      return;
    }
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(axis)
            .yAxisTitle("million ratings a second")
            .build();
    style(chart);
    List<String> categories = results.stream().map(at).distinct().toList();
    // Speeds differ more than tenfold: on a linear axis the slow ones could not be told apart.
    double least = results.stream().mapToDouble(Result::ratingsPerSecond).min().orElseThrow();
    chart
        .getStyler()
        .setYAxisMin(Math.pow(10, Math.floor(Math.log10(least / MILLION))))
        .setYAxisLogarithmic(true);
    bySeries(results)
        .forEach(
            (name, own) -> {
              List<Double> heights = new ArrayList<>();
              categories.forEach(category -> heights.add(height(own, at, category)));
              chart.addSeries(name, categories, heights);
            });
    save(chart, file);
  }

  /** Millions of ratings a second; NaN, no bar, where somebody is not measured. */
  private static double height(List<Result> own, Function<Result, String> at, String category) {
    for (Result result : own) {
      if (at.apply(result).equals(category)) {
        return result.ratingsPerSecond() / MILLION;
      }
    }
    return Double.NaN;
  }

  private void quality() throws IOException {
    List<Result> results = found.of(Findings.QUALITY);
    if (results.isEmpty()) {
      return;
    }
    XYChart chart =
        lines("RMSE on held-out ratings against seconds of training, k = 64", "seconds", "RMSE");
    double lowest = Double.POSITIVE_INFINITY;
    for (Result result : results) {
      List<Curve.Point> curve = Curve.of(result);
      add(chart, name(result), curve, Curve.Point::seconds, Curve.Point::rmse);
      lowest = Math.min(lowest, curve.stream().mapToDouble(Curve.Point::rmse).min().orElseThrow());
    }
    // What happens above is the first epoch of everybody, and would flatten all that is of
    // interest.
    chart
        .getStyler()
        .setYAxisMin(Math.floor(lowest * 100) / 100)
        .setYAxisMax(Math.floor(lowest * 100) / 100 + 0.08);
    save(chart, "rmse-seconds");
  }

  private void sizes() throws IOException {
    List<Result> results = found.of(Findings.SIZES);
    if (results.isEmpty()) {
      return;
    }
    XYChart chart =
        lines("Cost against size, k = 64, batches of 8,192", "ratings", "nanoseconds a rating");
    chart.getStyler().setYAxisLogarithmic(true);
    bySeries(results)
        .forEach(
            (name, own) ->
                add(
                    chart,
                    name,
                    own,
                    result -> result.contestant().data().ratings(),
                    result -> 1e9 / result.ratingsPerSecond()));
    save(chart, "sizes");
  }

  private static XYChart lines(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    style(chart);
    chart.getStyler().setXAxisLogarithmic(true);
    return chart;
  }

  private static <T> void add(
      XYChart chart, String name, List<T> points, ToDoubleFunction<T> x, ToDoubleFunction<T> y) {
    chart
        .addSeries(
            name,
            points.stream().mapToDouble(x).toArray(),
            points.stream().mapToDouble(y).toArray())
        .setMarker(SeriesMarkers.CIRCLE)
        .setLineStyle(new BasicStroke(2f));
  }

  private static void style(Chart<?, ?> chart) {
    chart
        .getStyler()
        .setSeriesColors(COLOURS)
        .setChartBackgroundColor(Color.WHITE)
        .setLegendPosition(LegendPosition.OutsideE)
        .setLegendBorderColor(Color.WHITE)
        .setPlotBorderColor(Color.LIGHT_GRAY);
  }

  private void save(Chart<?, ?> chart, String file) throws IOException {
    Files.write(folder.resolve(file + ".png"), ChartEncoder.getBytes(chart, "png"));
    String svg = new String(ChartEncoder.getBytes(chart, "svg"), StandardCharsets.UTF_8);
    // Text is outlines there, of eight decimals; two are enough for any screen, and half the file.
    Files.writeString(folder.resolve(file + ".svg"), svg.replaceAll("(\\d\\.\\d\\d)\\d+", "$1"));
  }
}
