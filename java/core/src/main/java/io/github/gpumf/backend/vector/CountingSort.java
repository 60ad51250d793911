package io.github.gpumf.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

  private final int bins;

  /** Longs by part and bin: how many elements, and then where the next one goes. */
  private final MemorySegment next;

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
  CountingSort(Team team, long elements, int bins, Arena arena) {
    this.team = team;
    this.elements = elements;
    this.bins = bins;
    next = arena.allocate(bytes(team.size(), bins), Long.BYTES);
  }

  /** Bytes of sorts. */
  static long bytes(int threads, long bins) {
    return threads * bins * Long.BYTES;
  }

  /** Sorts; a place is counted from the first element of the first bin. */
  void sort(Supplier<Elements> views) {
    next.fill((byte) 0);
    team.forEach(team.size(), part -> count(part, views.get()));
    startBins();
    team.forEach(team.size(), part -> moveForward(part, views.get()));
  }

  /**
   * The same where each bin is known to get {@code binSize} elements, and the last one the rest. Up
   * to two threads need not count then: one fills the bins from their beginnings, and the other
   * one, which begins with the last element, from their ends.
   */
  void sort(Supplier<Elements> views, int binSize) {
    if (team.size() > 2) {
      sort(views);
      return;
    }
    for (int bin = 0; bin < bins; bin++) {
      long start = (long) bin * binSize;
      set(0, bin, start);
      if (team.size() == 2) {
        set(1, bin, Math.min(elements, start + binSize));
      }
    }
    team.forEach(
        team.size(),
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
    return Math.min(elements, part * Math.ceilDiv(elements, team.size()));
  }

  /** The address of a part's first number. */
  private long numbers(int part) {
    return next.address() + (long) part * bins * Long.BYTES;
  }

  private void set(int part, int bin, long number) {
    Lanes.setLong(numbers(part) + (long) bin * Long.BYTES, number);
  }

  private void count(int part, Elements view) {
    int[] found = new int[PIECE];
    long end = start(part + 1);
    for (long from = start(part); from < end; from += PIECE) {
      int count = (int) Math.min(PIECE, end - from);
      view.findBins(from, count, found);
      count(found, count, numbers(part));
    }
  }

  private static void count(int[] found, int count, long counts) {
    for (int at = 0; at < count; at++) {
      long address = Lanes.address(counts + (long) found[at] * Long.BYTES);
      Lanes.setLong(address, Lanes.getLong(address) + 1);
    }
  }

  private void startBins() {
    long start = 0;
    for (int bin = 0; bin < bins; bin++) {
      for (int part = 0; part < team.size(); part++) {
        long count = Lanes.getLong(numbers(part) + (long) bin * Long.BYTES);
        set(part, bin, start);
        start += count;
      }
    }
  }

  private void moveForward(int part, Elements view) {
    int[] found = new int[PIECE];
    long[] places = new long[PIECE];
    long end = start(part + 1);
    for (long from = start(part); from < end; from += PIECE) {
      int count = (int) Math.min(PIECE, end - from);
      view.findBins(from, count, found);
      placeForward(found, count, numbers(part), places);
      view.move(from, count, found, places);
    }
  }

  private static void placeForward(int[] found, int count, long starts, long[] places) {
    for (int at = 0; at < count; at++) {
      long address = Lanes.address(starts + (long) found[at] * Long.BYTES);
      long place = Lanes.getLong(address);
      places[at] = place;
      Lanes.setLong(address, place + 1);
    }
  }

  private void moveBackward(int part, Elements view) {
    int[] found = new int[PIECE];
    long[] places = new long[PIECE];
    long start = start(part);
    for (long end = start(part + 1); end > start; end -= PIECE) {
      long from = Math.max(start, end - PIECE);
      int count = (int) (end - from);
      view.findBins(from, count, found);
      placeBackward(found, count, numbers(part), places);
      view.move(from, count, found, places);
    }
  }

  private static void placeBackward(int[] found, int count, long ends, long[] places) {
    for (int at = count - 1; at >= 0; at--) {
      long address = Lanes.address(ends + (long) found[at] * Long.BYTES);
      long place = Lanes.getLong(address) - 1;
      places[at] = place;
      Lanes.setLong(address, place);
    }
  }
}
