package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A copy of ratings with the numbers of a rating side by side: one that is visited in a random
 * order is one cache miss instead of three.
 */
final class PackedRatings {
  /** Ratings copied by a member at a time. */
  private static final int CHUNK = 1 << 16;

  final int stride;

  /** The address of the first one. */
  final long address;

  PackedRatings(Ratings ratings, Team team, Arena arena) {
    stride = RatingGrid.stride(ratings.hasWeights());
    MemorySegment records = arena.allocate(ratings.size() * stride, Lanes.BYTES);
    address = records.address();
    int chunks = Math.toIntExact((ratings.size() + CHUNK - 1) / CHUNK);
    team.forEach(
        chunks,
        chunk -> {
          long from = (long) chunk * CHUNK;
          copy(ratings, from, Math.min(ratings.size(), from + CHUNK));
        });
  }

  /** Bytes of the copy. */
  static long bytes(long ratings, boolean weighted) {
    return ratings * RatingGrid.stride(weighted);
  }

  private void copy(Ratings ratings, long from, long to) {
    for (long rating = from; rating < to; rating++) {
      long at = address + rating * stride;
      Lanes.setInt(at + RatingGrid.USER, ratings.user(rating));
      Lanes.setInt(at + RatingGrid.ITEM, ratings.item(rating));
      Lanes.set(at + RatingGrid.VALUE, ratings.value(rating));
      if (stride > RatingGrid.WEIGHT) {
        Lanes.set(at + RatingGrid.WEIGHT, ratings.weight(rating));
      }
    }
  }
}
