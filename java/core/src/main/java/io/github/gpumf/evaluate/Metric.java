package io.github.gpumf.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A number that says how good a model is: an error of predicted ratings, or the quality of the
 * first K items of the ranked lists.
 *
 * @param kind what is measured
 * @param k length of the list; 0 for errors of ratings, else at least 1
 */
public record Metric(Kind kind, int k) {
  /**
   * What is measured. The formulas of ranked lists are for one user, with R relevant held-out items
   * and a list of K; a metric is their mean over the users that have a relevant item. Sources: C.
   * Manning, P. Raghavan, H. Schütze, "Introduction to Information Retrieval", 2008, chapter 8; for
   * NDCG K. Järvelin, J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS
   * 2002, with gains of 0 and 1 and the logarithm to base 2.
   */
  public enum Kind {
    /** Root of the mean squared error of the predicted ratings. */
    RMSE(false),
    /** Mean absolute error of the predicted ratings. */
    MAE(false),
    /** Relevant items in the list / K, also where fewer than K items are left to list. */
    PRECISION(true),
    /** Relevant items in the list / R. */
    RECALL(true),
    /**
     * Sum over relevant items in the list of {@code 1 / log2(rank + 1)}, divided by the same sum
     * for the best of all lists: min(K, R) relevant items first.
     */
    NDCG(true),
    /**
     * Average precision: sum over relevant items in the list of the precision down to that item,
     * divided by min(K, R).
     */
    MAP(true),
    /** 1 / rank of the first relevant item in the list, or 0. */
    MRR(true),
    /** 1 if a relevant item is in the list, or 0. */
    HIT(true);

    private final boolean ranked;

    Kind(boolean ranked) {
      this.ranked = ranked;
    }

    /**
     * Whether the metric looks at ranked lists and needs a K.
     *
     * @return false for errors of ratings
     */
    public boolean isRanked() {
      return ranked;
    }

    private String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks that there is a K where one is needed.
   *
   * @throws IllegalArgumentException if a metric of lists has no K of at least 1, or an error of
   *     ratings has one
   */
  public Metric {
    if (kind.isRanked() && k < 1) {
      throw new IllegalArgumentException(
          kind.label() + " needs a list length of at least 1, such as " + kind.label() + "@10");
    }
    if (!kind.isRanked() && k != 0) {
      throw new IllegalArgumentException(
          kind.label() + " is not a metric of lists; write it without @" + k);
    }
  }

  /**
   * Reads a name.
   *
   * @param name such as {@code rmse} or {@code ndcg@10}, in upper or lower case
   * @return the metric
   * @throws IllegalArgumentException naming what there is, if this is not one of it
   */
  public static Metric parse(String name) {
    int at = Objects.requireNonNull(name, "name").indexOf('@');
    String label = (at < 0 ? name : name.substring(0, at)).toLowerCase(Locale.ROOT);
    Kind kind =
        Arrays.stream(Kind.values())
            .filter(each -> each.label().equals(label))
            .findFirst()
            .orElseThrow(() -> unknown(name));
    if (at < 0) {
      return new Metric(kind, 0);
    }
    try {
      int k = Integer.parseInt(name.substring(at + 1));
      if (k < 1) {
        throw unknown(name);
      }
      return new Metric(kind, k);
    } catch (NumberFormatException notANumber) {
      throw unknown(name);
    }
  }

  private static IllegalArgumentException unknown(String name) {
    String known =
        Arrays.stream(Kind.values())
            .map(kind -> kind.isRanked() ? kind.label() + "@K" : kind.label())
            .collect(Collectors.joining(", "));
    return new IllegalArgumentException(
        "there is no metric \"" + name + "\"; there are " + known + ", with K from 1");
  }

  /**
   * Reads names separated by commas.
   *
   * @param names such as {@code rmse,ndcg@10}
   * @return the metrics, in order
   * @throws IllegalArgumentException if one is not a metric
   */
  public static List<Metric> parseAll(String names) {
    List<Metric> metrics = new ArrayList<>();
    for (String name : Objects.requireNonNull(names, "metrics").split(",", -1)) {
      metrics.add(parse(name.strip()));
    }
    return metrics;
  }

  /**
   * The name that {@link #parse} reads.
   *
   * @return such as {@code rmse} or {@code ndcg@10}
   */
  @Override
  public String toString() {
    return kind.isRanked() ? kind.label() + "@" + k : kind.label();
  }
}
