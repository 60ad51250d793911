package io.github.gpumf.backend;

import java.util.Arrays;
import java.util.PriorityQueue;

/** Rows of one side, dealt into stripes and numbered anew. */
final class RatingStripes {
  /** The stripe of each row. */
  final int[] of;

  /** The new number of each row. */
  final int[] numberOfRow;

  final int[] rowOfNumber;

  /** The first number of each stripe, and after the last the number of rows. */
  final int[] first;

  private RatingStripes(int rows, int stripes) {
    of = new int[rows];
    numberOfRow = new int[rows];
    rowOfNumber = new int[rows];
    first = new int[stripes + 1];
  }

  static RatingStripes deal(int[] counts, int stripes) {
    RatingStripes dealt = new RatingStripes(counts.length, stripes);
    int[] order = byCount(counts);
    long[] loads = new long[stripes];
    PriorityQueue<Integer> lightest =
        new PriorityQueue<>(
            (one, other) ->
                loads[one] != loads[other]
                    ? Long.compare(loads[one], loads[other])
                    : Integer.compare(one, other));
    for (int stripe = 0; stripe < stripes; stripe++) {
      lightest.add(stripe);
    }
    for (int row : order) {
      int stripe = lightest.remove();
      // Rows without a rating count too, so that they do not all end in one stripe.
      loads[stripe] += Math.max(1, counts[row]);
      lightest.add(stripe);
      dealt.of[row] = stripe;
      dealt.first[stripe + 1]++;
    }
    for (int stripe = 0; stripe < stripes; stripe++) {
      dealt.first[stripe + 1] += dealt.first[stripe];
    }
    int[] next = dealt.first.clone();
    for (int row : order) {
      int number = next[dealt.of[row]]++;
      dealt.numberOfRow[row] = number;
      dealt.rowOfNumber[number] = row;
    }
    return dealt;
  }

  /** Rows with the most ratings first, then in their order. */
  private static int[] byCount(int[] counts) {
    long[] keys = new long[counts.length];
    for (int row = 0; row < counts.length; row++) {
      keys[row] = (long) -counts[row] << Integer.SIZE | row;
    }
    Arrays.sort(keys);
    int[] order = new int[counts.length];
    Arrays.setAll(order, at -> (int) keys[at]);
    return order;
  }
}
