package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes models of what a training found.
 *
 * @param ratings the training ratings
 * @param rows users and items that they are of
 * @param spec what was trained
 * @param options how it was trained
 */
record TrainedModel(Ratings ratings, TrainedRows rows, Mf spec, TrainingOptions options) {
  /**
   * Makes the model of a training; without seen items if there is no memory for them.
   *
   * @param weights a copy that the model may have, in the unit that was trained in
   * @param epochs that the weights went through
   * @param backend that ran them
   * @param precision in which it stored factors
   */
  MfModel of(Weights weights, int epochs, String backend, Precision precision) {
    Workers workers = Workers.of(options.threads());
    clearUntrainedRows(weights);
    new RatingUnit(options.ratingUnit()).giveBack(weights);
    return new MfModel(
        spec,
        weights,
        ratings.users(),
        ratings.items(),
        scale(),
        seenItems(workers),
        provenance(epochs, backend, precision, workers));
  }

  /** Null too if there is no memory for them: the weights must not be lost with them. */
  private @Nullable SeenItems seenItems(Workers workers) {
    try {
      return options.keepSeenItems() ? SeenItems.of(ratings, workers) : null;
    } catch (OutOfMemoryError full) {
      return null;
    }
  }

  private RatingScale scale() {
    float mean = (float) ratings.meanValue();
    return new RatingScale(
        Math.clamp(mean, ratings.minValue(), ratings.maxValue()),
        ratings.minValue(),
        ratings.maxValue());
  }

  /**
   * Users and items without a training rating still have the random factors they started from.
   * Zeros in their place make a prediction fall back on the offset and the biases that are known,
   * and tell the model which they are.
   */
  private void clearUntrainedRows(Weights weights) {
    clear(weights.userFactors(), weights.userBias(), rows::hasUser);
    clear(weights.itemFactors(), weights.itemBias(), rows::hasItem);
  }

  private static void clear(FloatTable factors, @Nullable FloatTable bias, IntPredicate isTrained) {
    for (int row = 0; row < factors.rows(); row++) {
      if (isTrained.test(row)) {
        continue;
      }
      for (int column = 0; column < factors.columns(); column++) {
        factors.set(row, column, 0);
      }
      if (bias != null) {
        bias.set(row, 0, 0);
      }
    }
  }

  private Map<String, String> provenance(
      int epochs, String backend, Precision precision, Workers workers) {
    Map<String, String> entries = new TreeMap<>();
    entries.put("optimizer", options.optimizer().toString());
    entries.put("updates", options.updates().toString());
    entries.put("precision", precision.toString());
    if (options.updates() == Updates.PER_BATCH) {
      entries.put("batch_size", Integer.toString(options.batchSize()));
    }
    if (options.ratingUnit() != 1) {
      entries.put("rating_unit", Double.toString(options.ratingUnit()));
    }
    entries.put("seed", Long.toString(options.seed()));
    entries.put("shuffle", Boolean.toString(options.shuffle()));
    entries.put("epochs", Integer.toString(epochs));
    entries.put("backend", backend);
    entries.put("ratings", Long.toString(ratings.size()));
    entries.put("data_fingerprint", ratings.fingerprint(workers));
    return entries;
  }
}
