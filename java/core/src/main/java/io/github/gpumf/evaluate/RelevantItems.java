package io.github.gpumf.evaluate;

import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.MfModel;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The relevant held-out items of each user that has any.
 *
 * @param users indices in the model, ascending
 * @param known for each of them the relevant items that the model knows, ascending
 * @param total for each of them the number of relevant items, with those it does not know
 */
@SuppressWarnings("ArrayRecordComponent") // Columns of numbers; nobody compares them as values.
record RelevantItems(int[] users, int[][] known, int[] total) {
  static RelevantItems of(
      MfModel model, Ratings heldOut, double relevantFrom, Exclusions exclusions) {
    int[] toUser = heldOut.users().translateTo(model.users());
    int[] toItem = heldOut.items().translateTo(model.items());
    @Nullable IntArrayList[] items = new @Nullable IntArrayList[model.users().size()];
    for (long row = 0; row < heldOut.size(); row++) {
      int user = toUser[heldOut.user(row)];
      if (user == IdMap.UNKNOWN || heldOut.value(row) < relevantFrom) {
        continue;
      }
      IntArrayList list = items[user];
      if (list == null) {
        list = new IntArrayList();
        items[user] = list;
      }
      // Unknown items get negative numbers of their own, so that none counts twice.
      int item = toItem[heldOut.item(row)];
      list.add(item == IdMap.UNKNOWN ? -1 - heldOut.item(row) : item);
    }
    IntArrayList users = new IntArrayList();
    int[][] known = new int[items.length][];
    int[] total = new int[items.length];
    int count = 0;
    for (int user = 0; user < items.length; user++) {
      IntArrayList list = items[user];
      if (list == null) {
        continue;
      }
      int[] seen = exclusions.of(user);
      int[] relevant =
          Arrays.stream(list.toIntArray())
              .sorted()
              .distinct()
              .filter(item -> Arrays.binarySearch(seen, item) < 0)
              .toArray();
      if (relevant.length > 0) {
        users.add(user);
        known[count] = Arrays.stream(relevant).filter(item -> item >= 0).toArray();
        total[count++] = relevant.length;
      }
    }
    if (users.isEmpty()) {
      if (areSeen(heldOut, toUser, toItem, exclusions)) {
        throw new IllegalArgumentException(
            "all of these ratings are of items that their users have seen in training, and lists"
                + " leave those out; measure on ratings held out of the training, say what else is"
                + " seen (--seen, withSeen), or ask for rmse and mae alone");
      }
      if (Arrays.stream(toUser).allMatch(user -> user == IdMap.UNKNOWN)) {
        throw new IllegalArgumentException(
            "the model knows no user of these ratings, so there is nobody to rank for; measure on"
                + " ratings of users that were trained on, or ask for rmse and mae alone");
      }
      throw new IllegalArgumentException(
          "no user that the model knows has a held-out rating of at least "
              + (float) relevantFrom // the mean rating is a float, and shorter as one
              + " of an item not seen in training, so there is nothing to rank; take a lower rating"
              + " (--relevant-from, withRelevantFrom), or ask for rmse and mae alone");
    }
    return new RelevantItems(
        users.toIntArray(), Arrays.copyOf(known, count), Arrays.copyOf(total, count));
  }

  /** Whether all ratings of known users are of seen items, as where a model meets its training. */
  private static boolean areSeen(
      Ratings ratings, int[] toUser, int[] toItem, Exclusions exclusions) {
    boolean any = false;
    for (long row = 0; row < ratings.size(); row++) {
      int user = toUser[ratings.user(row)];
      if (user == IdMap.UNKNOWN) {
        continue;
      }
      any = true;
      if (Arrays.binarySearch(exclusions.of(user), toItem[ratings.item(row)]) < 0) {
        return false;
      }
    }
    return any;
  }
}
