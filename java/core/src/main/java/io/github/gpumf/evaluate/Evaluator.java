package io.github.gpumf.evaluate;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.SeenItems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Measures models on held-out ratings.
 *
 * <p>Errors are taken of all held-out ratings. Where the model does not know the user or the item,
 * it predicts what a service would show: the mean training rating, with the bias of the side it
 * knows if the model's biases are differences from the mean, clipped if the model clips. Where it
 * knows both, it predicts as the model does, also where one of them has no training rating.
 *
 * <p>Ranked lists are made for each user that the model knows and that has a relevant held-out
 * item: one rated at least {@link #withRelevantFrom} and not among the seen items. The list is of
 * all items that the user has not seen. A relevant item that the model does not know counts as
 * missed.
 *
 * <p>Immutable, safe for any number of threads. Results do not depend on the number of threads.
 */
public final class Evaluator {
  private final List<Metric> metrics;
  private final OptionalDouble relevantFrom;
  private final @Nullable Ratings seen;
  private final String backend;

  private Evaluator(
      List<Metric> metrics, OptionalDouble relevantFrom, @Nullable Ratings seen, String backend) {
    if (metrics.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no metric to measure; ask for one, such as rmse");
    }
    this.metrics = List.copyOf(metrics);
    this.relevantFrom = relevantFrom;
    this.seen = seen;
    this.backend = backend;
  }

  /**
   * Measures some metrics, by the other settings' defaults.
   *
   * @param metrics at least one
   * @return the evaluator
   * @throws IllegalArgumentException if there is none
   */
  public static Evaluator of(List<Metric> metrics) {
    return new Evaluator(metrics, OptionalDouble.empty(), null, Backends.AUTO);
  }

  /**
   * Measures some metrics, by the other settings' defaults.
   *
   * @param metrics names separated by commas, such as {@code rmse,ndcg@10}
   * @return the evaluator
   * @throws IllegalArgumentException naming what there is, if one is not a metric
   */
  public static Evaluator of(String metrics) {
    return of(Metric.parseAll(metrics));
  }

  /**
   * Which held-out items are relevant. By default those rated at least the mean training rating: in
   * MovieLens four and five stars.
   *
   * @param rating the lowest relevant rating, finite as a float, which ratings are
   * @return a changed copy
   * @throws IllegalArgumentException if the rating is not finite
   */
  public Evaluator withRelevantFrom(double rating) {
    // As a float: 3.3 as a double is above a rating of 3.3.
    float lowest = (float) rating;
    if (!Float.isFinite(lowest)) {
      throw new IllegalArgumentException(
          "relevant items must be rated from a finite rating on, not " + rating);
    }
    return new Evaluator(metrics, OptionalDouble.of(lowest), seen, backend);
  }

  /**
   * Which items are left out of the lists. By default those that the model keeps.
   *
   * @param ratings the training ratings, with ids of their own
   * @return a changed copy
   */
  public Evaluator withSeen(Ratings ratings) {
    return new Evaluator(
        metrics, relevantFrom, Objects.requireNonNull(ratings, "ratings"), backend);
  }

  /**
   * Where scores are computed. By default the first backend that is available.
   *
   * @param name of a backend, or {@code auto}
   * @return a changed copy
   */
  public Evaluator withBackend(String name) {
    return new Evaluator(metrics, relevantFrom, seen, Objects.requireNonNull(name, "name"));
  }

  /**
   * Measures a model.
   *
   * @param model what to measure
   * @param heldOut ratings with ids of their own, at least one
   * @return all metrics asked for
   * @throws IllegalArgumentException if there are no held-out ratings, or if a metric needs ranked
   *     lists and no user has a relevant held-out item
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used
   * @throws io.github.gpumf.backend.DeviceException if its device has not the memory, or fails
   */
  public EvaluationReport evaluate(MfModel model, Ratings heldOut) {
    Objects.requireNonNull(model, "model");
    if (Objects.requireNonNull(heldOut, "heldOut").size() == 0) {
      throw new IllegalArgumentException("there are no held-out ratings to measure on");
    }
    int longestList = metrics.stream().mapToInt(Metric::k).max().orElseThrow();
    try (Scorer scorer = Backends.open(backend, on -> on.openScorer(model)).opened()) {
      RatingErrors errors = RatingErrors.of(model, scorer, heldOut);
      RankedLists lists = longestList == 0 ? null : rank(model, scorer, heldOut, longestList);
      SequencedMap<Metric, Double> values = new LinkedHashMap<>();
      for (Metric metric : metrics) {
        values.put(
            metric,
            switch (metric.kind()) {
              case RMSE -> errors.rmse();
              case MAE -> errors.mae();
              default -> Objects.requireNonNull(lists).mean(metric);
            });
      }
      return new EvaluationReport(
          values, heldOut.size(), errors.coldRatings(), lists == null ? 0 : lists.users());
    }
  }

  private RankedLists rank(MfModel model, Scorer scorer, Ratings heldOut, int length) {
    Exclusions exclusions = exclusions(model);
    double threshold = relevantFrom.orElse(model.scale().mean());
    RelevantItems relevant = RelevantItems.of(model, heldOut, threshold, exclusions);
    return RankedLists.of(scorer, relevant, length, exclusions);
  }

  private Exclusions exclusions(MfModel model) {
    SeenItems items =
        seen == null
            ? model.seenItems()
            : SeenItems.of(seen.alignedTo(model.users(), model.items()));
    return items == null ? Exclusions.NONE : items::of;
  }
}
