package io.github.gpumf.backend.vector;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Sorts elements into bins, in each of which they keep their order. The elements are cut into a
 * part for each thread: it counts how many of them each bin gets, and puts them there when all have
 * counted, behind those of the parts before.
 */
final class CountingSort {
  /** Elements that are looked at together: what is known of them stays in a first-level cache. */
  static final int PIECE = 1024;

  private final Team team;
  private final long elements;

  /** By part and bin: how many elements, and then where the next one goes. */
  private final long[][] next;

  /**
   * What is sorted, as one thread sees it. It is given pieces of at most {@link #PIECE} elements.
   */
  interface Elements {
    /** Finds the bins of elements {@code from} to {@code from + count - 1}. */
    void findBins(long from, int count, int[] bins);

    /** Puts the same elements, whose bins have just been found, to their places. */
    void move(long from, int count, int[] bins, long[] places);
  }

  /** Sorts of so many elements into so many bins. */
  CountingSort(Team team, long elements, int bins) {
    this.team = team;
    this.elements = elements;
    next = new long[team.size()][bins];
  }

  /** Bytes of sorts. */
  static long bytes(int threads, long bins) {
    return threads * bins * Long.BYTES;
  }

  /** Sorts; a place is counted from the first element of the first bin. */
  void sort(Supplier<Elements> views) {
    team.forEach(next.length, part -> count(part, views.get()));
    startBins();
    team.forEach(next.length, part -> moveForward(part, views.get()));
  }

  /**
   * The same where each bin is known to get {@code binSize} elements, and the last one the rest. Up
   * to two threads need not count then: one fills the bins from their beginnings, and the other
   * one, which begins with the last element, from their ends.
   */
  void sort(Supplier<Elements> views, int binSize) {
    if (next.length > 2) {
      sort(views);
      return;
    }
    for (int bin = 0; bin < next[0].length; bin++) {
      long start = (long) bin * binSize;
      next[0][bin] = start;
      next[next.length - 1][bin] = next.length == 1 ? start : Math.min(elements, start + binSize);
    }
    team.forEach(
        next.length,
        part -> {
          if (part == 0) {
            moveForward(part, views.get());
          } else {
            moveBackward(part, views.get());
          }
        });
  }

  /** The first element of a part. */
  private long start(int part) {
    return Math.min(elements, part * Math.ceilDiv(elements, next.length));
  }

  private void count(int part, Elements view) {
    Arrays.fill(next[part], 0);
    int[] bins = new int[PIECE];
    long end = start(part + 1);
    for (long from = start(part); from < end; from += PIECE) {
      int count = (int) Math.min(PIECE, end - from);
      view.findBins(from, count, bins);
      count(bins, count, next[part]);
    }
  }

  private static void count(int[] bins, int count, long[] counts) {
    for (int at = 0; at < count; at++) {
      counts[bins[at]]++;
    }
  }

  private void startBins() {
    long start = 0;
    for (int bin = 0; bin < next[0].length; bin++) {
      for (long[] counts : next) {
        long count = counts[bin];
        counts[bin] = start;
        start += count;
      }
    }
  }

  private void moveForward(int part, Elements view) {
    int[] bins = new int[PIECE];
    long[] places = new long[PIECE];
    long end = start(part + 1);
    for (long from = start(part); from < end; from += PIECE) {
      int count = (int) Math.min(PIECE, end - from);
      view.findBins(from, count, bins);
      placeForward(bins, count, next[part], places);
      view.move(from, count, bins, places);
    }
  }

  private static void placeForward(int[] bins, int count, long[] next, long[] places) {
    for (int at = 0; at < count; at++) {
      places[at] = next[bins[at]]++;
    }
  }

  private void moveBackward(int part, Elements view) {
    int[] bins = new int[PIECE];
    long[] places = new long[PIECE];
    long start = start(part);
    for (long end = start(part + 1); end > start; end -= PIECE) {
      long from = Math.max(start, end - PIECE);
      int count = (int) (end - from);
      view.findBins(from, count, bins);
      placeBackward(bins, count, next[part], places);
      view.move(from, count, bins, places);
    }
  }

  private static void placeBackward(int[] bins, int count, long[] ends, long[] places) {
    for (int at = count - 1; at >= 0; at--) {
      places[at] = --ends[bins[at]];
    }
  }
}
