package io.github.gpumf.evaluate;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.Scorer.TopItems;
import java.util.Arrays;

/** For each user where in its ranked list the relevant items stand. */
final class RankedLists {
  /** Users scored in one call: the backend shares them out among its threads. */
  private static final int BATCH = 4096;

  /** For each user the ranks of the relevant items, from 1, ascending. */
  private final int[][] ranks;

  /** For each user the number of relevant items, in the list or not. */
  private final int[] relevant;

  private RankedLists(int[][] ranks, int[] relevant) {
    this.ranks = ranks;
    this.relevant = relevant;
  }

  static RankedLists of(Scorer scorer, RelevantItems relevant, int length, Exclusions exclusions) {
    int[] users = relevant.users();
    int[][] ranks = new int[users.length][];
    for (int from = 0; from < users.length; from += BATCH) {
      int to = Math.min(users.length, from + BATCH);
      TopItems[] lists = scorer.topItems(Arrays.copyOfRange(users, from, to), length, exclusions);
      for (int at = from; at < to; at++) {
        ranks[at] = ranks(lists[at - from].items(), relevant.known()[at]);
      }
    }
    return new RankedLists(ranks, relevant.total());
  }

  /** The positions, from 1, of a list's items that are among some ascending ones. */
  static int[] ranks(int[] list, int[] items) {
    int[] ranks = new int[Math.min(list.length, items.length)];
    int found = 0;
    for (int at = 0; at < list.length; at++) {
      if (Arrays.binarySearch(items, list[at]) >= 0) {
        ranks[found++] = at + 1;
      }
    }
    return Arrays.copyOf(ranks, found);
  }

  int users() {
    return ranks.length;
  }

  /** The mean of a metric over the users. */
  double mean(Metric metric) {
    double sum = 0;
    for (int at = 0; at < ranks.length; at++) {
      sum += value(metric, ranks[at], relevant[at]);
    }
    return sum / ranks.length;
  }

  /** A metric of one list; the formulas stand at {@link Metric.Kind}. */
  static double value(Metric metric, int[] ranks, int relevant) {
    int k = metric.k();
    int best = Math.min(k, relevant);
    int hits = 0;
    double precisions = 0;
    double gain = 0;
    for (int at = 0; at < ranks.length && ranks[at] <= k; at++) {
      hits++;
      precisions += (double) hits / ranks[at];
      gain += discount(ranks[at]);
    }
    return switch (metric.kind()) {
      case PRECISION -> (double) hits / k;
      case RECALL -> (double) hits / relevant;
      case NDCG -> gain / idealGain(best);
      case MAP -> precisions / best;
      case MRR -> hits == 0 ? 0 : 1.0 / ranks[0];
      case HIT -> hits == 0 ? 0 : 1;
      case RMSE, MAE -> throw new IllegalArgumentException(metric + " is not a metric of lists");
    };
  }

  private static double idealGain(int best) {
    double gain = 0;
    for (int rank = 1; rank <= best; rank++) {
      gain += discount(rank);
    }
    return gain;
  }

  private static double discount(int rank) {
    return Math.log(2) / Math.log(rank + 1.0);
  }
}
