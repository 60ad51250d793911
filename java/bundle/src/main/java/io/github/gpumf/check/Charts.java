package io.github.gpumf.check;

import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Kernel;
import io.github.gpumf.check.Findings.Snapshot;
import io.github.gpumf.check.SvgChart.Bar;
import io.github.gpumf.check.SvgChart.Line;
import io.github.gpumf.check.SvgChart.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Which charts there are: each a file's name and its SVG. */
final class Charts {
  private Charts() {}

  /** Those for which there are findings. */
  static Map<String, String> of(Snapshot found) {
    Map<String, String> charts = new LinkedHashMap<>();
    if (!found.kernels().isEmpty()) {
      charts.put("kernels.svg", kernels(found));
    }
    if (!found.epochs().isEmpty()) {
      charts.put(
          "epochs.svg",
          SvgChart.lines(
              "Epochs: million ratings a second",
              "ratings of an epoch",
              "million ratings a second",
              lines(found.epochs(), Epoch::ratings, Epoch::millionRatingsPerSecond)));
    }
    if (!found.batchSizes().isEmpty()) {
      charts.put(
          "batch-sizes.svg",
          SvgChart.lines(
              "What a batch costs",
              "batch size",
              "microseconds a batch",
              lines(found.batchSizes(), Epoch::batchSize, Epoch::microsecondsPerBatch)));
    }
    return charts;
  }

  private static List<Line> lines(
      List<Epoch> epochs, ToDoubleFunction<Epoch> x, ToDoubleFunction<Epoch> y) {
    Map<String, List<Point>> byOptimizer = new LinkedHashMap<>();
    for (Epoch epoch : epochs) {
      byOptimizer
          .computeIfAbsent(epoch.optimizer(), name -> new ArrayList<>())
          .add(new Point(x.applyAsDouble(epoch), y.applyAsDouble(epoch)));
    }
    return byOptimizer.entrySet().stream()
        .map(line -> new Line(line.getKey(), line.getValue()))
        .toList();
  }

  /** At k = 64, or what there is, on the size that was measured last of each kernel. */
  private static String kernels(Snapshot found) {
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
    return SvgChart.bars(
        "Kernels: share of what copies reach (k = " + k + ", largest size)",
        last.values().stream()
            .map(
                kernel ->
                    new Bar(
                        kernel.kernel(),
                        kernel.ofFloor(),
                        String.format(
                            Locale.ROOT,
                            "%.0f %%, %,.0f us",
                            100 * kernel.ofFloor(),
                            kernel.microseconds())))
            .toList());
  }
}
