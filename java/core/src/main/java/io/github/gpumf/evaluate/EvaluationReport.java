package io.github.gpumf.evaluate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * How good a model is, and on what that was measured.
 *
 * @param metrics each metric asked for, in that order; all finite
 * @param ratings held-out ratings that errors were taken of
 * @param coldRatings how many of them are of a user or an item without a training rating, whether
 *     the model knows its id or not
 * @param rankedUsers users whose ranked lists were looked at; 0 if no metric asked for them
 */
public record EvaluationReport(
    SequencedMap<Metric, Double> metrics, long ratings, long coldRatings, int rankedUsers) {
  /** Copies the metrics. */
  public EvaluationReport {
    metrics = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(metrics));
  }

  /**
   * One of the metrics.
   *
   * @param name such as {@code ndcg@10}
   * @return its value
   * @throws IllegalArgumentException if it is not a metric, or was not asked for
   */
  public double get(String name) {
    Double value = metrics.get(Metric.parse(name));
    if (value == null) {
      throw new IllegalArgumentException(
          name + " was not asked for; there are " + metrics.keySet());
    }
    return value;
  }

  /**
   * The metrics under their names.
   *
   * @return in the order in which they were asked for
   */
  public Map<String, Double> byName() {
    Map<String, Double> named = new LinkedHashMap<>();
    metrics.forEach((metric, value) -> named.put(metric.toString(), value));
    return named;
  }
}
