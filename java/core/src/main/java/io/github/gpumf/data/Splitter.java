package io.github.gpumf.data;

import io.github.gpumf.data.CounterRandom.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Splits ratings into a training part and a held-out part. Every rating lands in exactly one of
 * them, in the order it had, and the same seed makes the same split on every machine. Few ratings
 * may leave a part empty: look at its size before training or measuring on it, which needs at least
 * one rating.
 */
public final class Splitter {
  private Splitter() {}

  /**
   * Holds out ratings at random.
   *
   * @param ratings any number of ratings
   * @param testFraction part to hold out, above 0 and below 1
   * @param seed any value
   * @return a split with exactly {@code round(testFraction * ratings.size())} test ratings: none of
   *     4 if the fraction is 0.1; a part may be empty
   * @throws IllegalArgumentException if the fraction is not above 0 and below 1
   */
  public static Split random(Ratings ratings, double testFraction, long seed) {
    if (!(testFraction > 0 && testFraction < 1)) {
      throw new IllegalArgumentException(
          "testFraction must be above 0 and below 1, not " + testFraction);
    }
    long testSize = Math.round(testFraction * ratings.size());
    Permutation ranks = new Permutation(ratings.size(), seed, Purpose.SPLIT, 0);
    return split(ratings, testSize, row -> ranks.apply(row) < testSize);
  }

  /**
   * Holds out each user's last rating: the one with the latest timestamp, among equals the last
   * row. Users with a single rating stay in the training part.
   *
   * @param ratings with timestamps
   * @return a split with one test rating for each user of two ratings or more, none if there is no
   *     such user
   * @throws IllegalArgumentException if the ratings have no timestamps
   */
  public static Split leaveLastOut(Ratings ratings) {
    requireTimestamps(ratings, "leave-last-out");
    long[] counts = new long[ratings.userCount()];
    long[] lastRow = new long[ratings.userCount()];
    Arrays.fill(lastRow, -1);
    for (long row = 0; row < ratings.size(); row++) {
      int user = ratings.user(row);
      counts[user]++;
      if (lastRow[user] < 0 || ratings.timestamp(row) >= ratings.timestamp(lastRow[user])) {
        lastRow[user] = row;
      }
    }
    long testSize = Arrays.stream(counts).filter(count -> count > 1).count();
    return split(
        ratings,
        testSize,
        row -> {
          int user = ratings.user(row);
          return counts[user] > 1 && lastRow[user] == row;
        });
  }

  /**
   * Holds out what came last.
   *
   * @param ratings with timestamps
   * @param timestamp the first timestamp to hold out, in the ratings' unit
   * @return a split whose test ratings are those at or after the timestamp; a part may be empty
   * @throws IllegalArgumentException if the ratings have no timestamps
   */
  public static Split timeCut(Ratings ratings, long timestamp) {
    requireTimestamps(ratings, "a time cut");
    long testSize = 0;
    for (long row = 0; row < ratings.size(); row++) {
      testSize += ratings.timestamp(row) >= timestamp ? 1 : 0;
    }
    return split(ratings, testSize, row -> ratings.timestamp(row) >= timestamp);
  }

  /**
   * Makes the splits of a cross-validation: each rating is held out in exactly one of them. All
   * splits together take {@code folds} times the memory of the ratings.
   *
   * @param ratings at least {@code folds} ratings
   * @param folds number of splits, at least 2
   * @param seed any value
   * @return the splits; sizes of their test parts differ by one at most, and no part is empty
   * @throws IllegalArgumentException if there are fewer than 2 folds, or more folds than ratings
   */
  public static List<Split> kFold(Ratings ratings, int folds, long seed) {
    if (folds < 2 || folds > ratings.size()) {
      throw new IllegalArgumentException(
          "folds must be at least 2 and at most the number of ratings, "
              + ratings.size()
              + ", not "
              + folds);
    }
    Permutation ranks = new Permutation(ratings.size(), seed, Purpose.SPLIT, 1);
    List<Split> splits = new ArrayList<>();
    long from = 0;
    for (int fold = 0; fold < folds; fold++) {
      long first = from;
      long end = from + (ratings.size() - from) / (folds - fold);
      splits.add(
          split(
              ratings,
              end - first,
              row -> {
                long rank = ranks.apply(row);
                return rank >= first && rank < end;
              }));
      from = end;
    }
    return List.copyOf(splits);
  }

  private static void requireTimestamps(Ratings ratings, String split) {
    if (!ratings.hasTimestamps()) {
      throw new IllegalArgumentException(
          split
              + " needs timestamps, and these ratings have none; read them with a timestamp"
              + " column or split at random");
    }
  }

  private static Split split(Ratings ratings, long testSize, LongPredicate isTest) {
    Ratings.Builder train = ratings.builderLike(ratings.size() - testSize);
    Ratings.Builder test = ratings.builderLike(testSize);
    long trainRow = 0;
    long testRow = 0;
    for (long row = 0; row < ratings.size(); row++) {
      if (isTest.test(row)) {
        test.copy(testRow++, ratings, row);
      } else {
        train.copy(trainRow++, ratings, row);
      }
    }
    return new Split(train.build(), test.build());
  }
}
