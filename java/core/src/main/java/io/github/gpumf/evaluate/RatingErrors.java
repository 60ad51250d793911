package io.github.gpumf.evaluate;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The errors of predicted ratings. */
record RatingErrors(double squaredSum, double absoluteSum, long ratings, long coldRatings) {
  /** Pairs scored in one call. */
  private static final int BATCH = 8192;

  static RatingErrors of(MfModel model, Scorer scorer, Ratings heldOut) {
    int[] toUser = heldOut.users().translateTo(model.users());
    int[] toItem = heldOut.items().translateTo(model.items());
    boolean[] coldUsers = cold(toUser, model::isUserTrained);
    boolean[] coldItems = cold(toItem, model::isItemTrained);
    double squaredSum = 0;
    double absoluteSum = 0;
    long cold = 0;
    int[] users = new int[BATCH];
    int[] items = new int[BATCH];
    float[] values = new float[BATCH];
    int known = 0;
    for (long row = 0; row <= heldOut.size(); row++) {
      if (known == BATCH || row == heldOut.size()) {
        float[] scores =
            scorer.score(
                java.util.Arrays.copyOf(users, known), java.util.Arrays.copyOf(items, known));
        for (int at = 0; at < known; at++) {
          double error = (double) model.toRating(scores[at]) - values[at];
          squaredSum += error * error;
          absoluteSum += Math.abs(error);
        }
        known = 0;
      }
      if (row == heldOut.size()) {
        break;
      }
      cold += coldUsers[heldOut.user(row)] || coldItems[heldOut.item(row)] ? 1 : 0;
      int user = toUser[heldOut.user(row)];
      int item = toItem[heldOut.item(row)];
      if (user == IdMap.UNKNOWN || item == IdMap.UNKNOWN) {
        double error = (double) coldRating(model, user, item) - heldOut.value(row);
        squaredSum += error * error;
        absoluteSum += Math.abs(error);
      } else {
        users[known] = user;
        items[known] = item;
        values[known++] = heldOut.value(row);
      }
    }
    return new RatingErrors(squaredSum, absoluteSum, heldOut.size(), cold);
  }

  /** For each held-out id whether it has no training rating. */
  private static boolean[] cold(int[] toModel, IntPredicate isTrained) {
    boolean[] cold = new boolean[toModel.length];
    for (int id = 0; id < toModel.length; id++) {
      cold[id] = toModel[id] == IdMap.UNKNOWN || !isTrained.test(toModel[id]);
    }
    return cold;
  }

  /** What is predicted where the model does not know both sides. */
  static float coldRating(MfModel model, int user, int item) {
    return model.toRating(
        model.scale().mean()
            + knownBias(model, model.weights().userBias(), user)
            + knownBias(model, model.weights().itemBias(), item));
  }

  /** Without a mean offset the biases contain the mean, and adding both would count it twice. */
  private static float knownBias(MfModel model, @Nullable FloatTable biases, int row) {
    return biases == null || row == IdMap.UNKNOWN || !model.spec().meanOffset()
        ? 0
        : biases.get(row, 0);
  }

  double rmse() {
    return Math.sqrt(squaredSum / ratings);
  }

  double mae() {
    return absoluteSum / ratings;
  }
}
