package io.github.gpumf.backend.vector;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;

/**
 * Ratings in memory: the pairs of user and item, 8 bytes each, the values, and the weights if there
 * are any. Whoever computes addresses stays within them.
 */
final class PackedRatings {
  private static final int CACHE_LINE = 64;

  /** The address of the first pair: its user, and the item behind it. */
  final long pairs;

  /** The address of the first value. */
  final long values;

  /** The address of the first weight, or 0 if all ratings weigh 1. */
  final long weights;

  PackedRatings(long size, boolean weighted, Arena arena) {
    pairs = arena.allocate(size * Long.BYTES, CACHE_LINE).address();
    values = arena.allocate(size * Float.BYTES, CACHE_LINE).address();
    weights = weighted ? arena.allocate(size * Float.BYTES, CACHE_LINE).address() : 0;
  }

  /** Bytes of so many ratings. */
  static long bytes(long size, boolean weighted) {
    return size * (Long.BYTES + Float.BYTES + (weighted ? Float.BYTES : 0));
  }

  /** The user of a pair. */
  static int user(long pairs, int at) {
    return Lanes.getInt(Lanes.address(pairs + (long) at * Long.BYTES));
  }

  /** The item of a pair. */
  static int item(long pairs, int at) {
    return Lanes.getInt(Lanes.address(pairs + (long) at * Long.BYTES) + Integer.BYTES);
  }

  /** Copies a rating. */
  void set(long place, Ratings source, long rating) {
    long pair = pairs + place * Long.BYTES;
    Lanes.setInt(pair, source.user(rating));
    Lanes.setInt(pair + Integer.BYTES, source.item(rating));
    Lanes.set(values + place * Float.BYTES, source.value(rating));
    if (weights != 0) {
      Lanes.set(weights + place * Float.BYTES, source.weight(rating));
    }
  }

  /**
   * Copies ratings of others to places here. Each place is a cache miss, so that a pair is one
   * store and not two: of stores, a processor has some tens on their way.
   */
  void scatter(PackedRatings source, long from, int count, long[] places) {
    scatterPairs(source.pairs + from * Long.BYTES, count, places);
    scatterNumbers(source.values + from * Float.BYTES, count, places, values);
    if (weights != 0) {
      scatterNumbers(source.weights + from * Float.BYTES, count, places, weights);
    }
  }

  private void scatterPairs(long source, int count, long[] places) {
    for (int at = 0; at < count; at++) {
      long pair = Lanes.getLong(Lanes.address(source + (long) at * Long.BYTES));
      Lanes.setLong(Lanes.address(pairs + places[at] * Long.BYTES), pair);
    }
  }

  private static void scatterNumbers(long source, int count, long[] places, long column) {
    for (int at = 0; at < count; at++) {
      float number = Lanes.get(Lanes.address(source + (long) at * Float.BYTES));
      Lanes.set(Lanes.address(column + places[at] * Float.BYTES), number);
    }
  }
}
