package io.github.gpumf.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Prints what JMH wrote of {@link EpochBenchmark} as a Markdown table: ratings a second by backend,
 * and how many times the scalar backend's that is.
 */
public final class EpochTable {
  private static final double MILLION = 1e6;

  private EpochTable() {}

  /** One row; in the order of the table. */
  private record Row(String optimizer, int factors) implements Comparable<Row> {
    @Override
    public int compareTo(Row other) {
      int byOptimizer = optimizer.compareTo(other.optimizer);
      return byOptimizer != 0 ? byOptimizer : Integer.compare(factors, other.factors);
    }
  }

  /**
   * Prints the table.
   *
   * @param args JMH's JSON
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    Map<Row, Map<String, JsonNode>> rows = new TreeMap<>();
    for (JsonNode result : new ObjectMapper().readTree(Path.of(args[0]).toFile())) {
      JsonNode parameters = result.path("params");
      Row row = new Row(parameters.path("optimizer").asText(), parameters.path("factors").asInt());
      rows.computeIfAbsent(row, any -> new TreeMap<>())
          .put(
              parameters.path("backend").asText(), result.path("secondaryMetrics").path("ratings"));
    }
    System.out.println("| optimizer | k | scalar, M ratings/s | vector, M ratings/s | times |");
    System.out.println("|---|---|---|---|---|");
    rows.forEach(
        (row, backends) -> {
          JsonNode scalar = backends.get("scalar");
          JsonNode vector = backends.get("vector");
          if (scalar != null && vector != null) {
            System.out.printf(
                Locale.ROOT,
                "| %s | %d | %s | %s | **%.1f** |%n",
                row.optimizer(),
                row.factors(),
                text(scalar),
                text(vector),
                median(vector) / median(scalar));
          }
        });
  }

  private static String text(JsonNode metric) {
    JsonNode percentiles = metric.path("scorePercentiles");
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f to %.2f)",
        median(metric) / MILLION,
        percentiles.path("0.0").asDouble() / MILLION,
        percentiles.path("100.0").asDouble() / MILLION);
  }

  private static double median(JsonNode metric) {
    return metric.path("scorePercentiles").path("50.0").asDouble();
  }
}
