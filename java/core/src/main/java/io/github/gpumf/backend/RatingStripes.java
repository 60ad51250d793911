package io.github.gpumf.backend;

import it.unimi.dsi.fastutil.longs.LongHeapPriorityQueue;
import java.util.Arrays;

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
    // A stripe's load above its number: the lightest first, and of equal ones the first.
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(stripes);
    LongHeapPriorityQueue lightest = new LongHeapPriorityQueue(stripes);
    for (int stripe = 0; stripe < stripes; stripe++) {
      lightest.enqueue(stripe);
    }
    for (int row : order) {
      long loaded = lightest.dequeueLong();
      int stripe = (int) loaded & (1 << bits) - 1;
      // Rows without a rating count too, so that they do not all end in one stripe.
      lightest.enqueue(loaded + ((long) Math.max(1, counts[row]) << bits));
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
