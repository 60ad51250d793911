package io.github.gpumf.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.evaluate.Metric.Kind;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MetricTest {
  /**
   * By hand, for lists whose relevant items stand at the ranks of the first column, of as many
   * relevant items as the second says. The logarithms: log2 2 = 1, log2 3 = 1.584963, log2 4 = 2,
   * log2 6 = 2.584963.
   */
  @ParameterizedTest(name = "{2} of relevant items at {0} of {1} is {3}")
  @CsvSource({
    // Ranks 1 and 3 of 3 relevant.
    "1 3, 3, precision@4, 0.5",
    "1 3, 3, recall@4, 0.6666667",
    "1 3, 3, hit@4, 1",
    "1 3, 3, mrr@4, 1",
    "1 3, 3, map@4, 0.5555556", // (1/1 + 2/3) / 3
    "1 3, 3, ndcg@4, 0.7039181", // (1 + 1/2) / (1 + 0.6309298 + 0.5)
    // The same, cut after the second.
    "1 3, 3, precision@2, 0.5",
    "1 3, 3, recall@2, 0.3333333",
    "1 3, 3, map@2, 0.5", // 1 / min(2, 3)
    "1 3, 3, ndcg@2, 0.6131472", // 1 / (1 + 0.6309298)
    // Late only.
    "5, 1, precision@5, 0.2",
    "5, 1, recall@5, 1",
    "5, 1, mrr@5, 0.2",
    "5, 1, map@5, 0.2",
    "5, 1, ndcg@5, 0.3868528", // 1 / log2 6
    "5, 1, hit@4, 0",
    "5, 1, mrr@4, 0",
    "5, 1, ndcg@4, 0",
    // All there is, first.
    "1 2, 2, ndcg@10, 1",
    "1 2, 2, map@10, 1",
    "1 2, 2, precision@10, 0.2",
    // Nothing found.
    "'', 4, recall@3, 0",
    "'', 4, map@3, 0",
    "'', 4, ndcg@3, 0",
  })
  void ofOneList(String ranks, int relevant, String metric, double expected) {
    int[] at =
        ranks.isEmpty()
            ? new int[0]
            : List.of(ranks.split(" ", -1)).stream().mapToInt(Integer::parseInt).toArray();
    assertEquals(expected, RankedLists.value(Metric.parse(metric), at, relevant), 1e-6);
  }

  @Test
  void namesAreReadAndWritten() {
    for (String name :
        List.of("rmse", "mae", "precision@1", "recall@20", "ndcg@10", "map@5", "mrr@3", "hit@7")) {
      assertEquals(name, Metric.parse(name).toString());
      assertEquals(name, Metric.parse(name.toUpperCase(Locale.ROOT)).toString());
    }
    assertEquals(new Metric(Kind.NDCG, 10), Metric.parse("ndcg@10"));
    assertEquals(
        List.of(new Metric(Kind.RMSE, 0), new Metric(Kind.HIT, 2)), Metric.parseAll("rmse, hit@2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "rms",
        "RMS",
        "ndcg",
        "ndcg@",
        "ndcg@0",
        "ndcg@-1",
        "ndcg@x",
        "ndcg@99999999999",
        "rmse@5",
        "@3"
      })
  void otherNamesAreRefused(String name) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> Metric.parse(name));
    String message = String.valueOf(refused.getMessage());
    assertTrue(
        message.contains("ndcg@K") || message.contains("@10") || message.contains("without @"),
        message);
  }
}
