package io.github.gpumf.backend.vector;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;

/**
 * A copy of ratings in the order of their users, and these {@linkplain Buckets bucket by bucket}:
 * batches that are filled in this order need not be sorted by user, and go through rows as they lie
 * in memory.
 */
final class RatingsByUser {
  final PackedRatings columns;

  /** The address of each rating's index in the source: an int, or a long if there are many. */
  private final long indices;

  private final long size;

  RatingsByUser(Ratings source, Buckets buckets, Team team, Arena arena) {
    size = source.size();
    columns = new PackedRatings(size, source.hasWeights(), arena);
    indices = arena.allocate(size * indexBytes(size), Long.BYTES).address();
    int[] bins = bins(source.userCount(), buckets.forUsers(source.userCount()));
    try (Arena scratch = Arena.ofConfined()) {
      new CountingSort(team, size, source.userCount(), scratch)
          .sort(() -> new ByUser(source, bins));
    }
  }

  /** Bytes of the copy. */
  static long bytes(long ratings, boolean weighted) {
    return PackedRatings.bytes(ratings, weighted) + ratings * indexBytes(ratings);
  }

  private static int indexBytes(long ratings) {
    return ratings <= Integer.MAX_VALUE ? Integer.BYTES : Long.BYTES;
  }

  /** For each user the place in their order. */
  private static int[] bins(int users, Buckets buckets) {
    int[] bins = new int[users];
    int next = 0;
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      for (long user = buckets.first(bucket); user < users; user = buckets.next(user)) {
        bins[(int) user] = next++;
      }
    }
    return bins;
  }

  /** Where ratings {@code from} to {@code from + count - 1} stand in the source. */
  void indices(long from, int count, long[] indices) {
    if (indexBytes(size) == Integer.BYTES) {
      long start = Lanes.address(this.indices + from * Integer.BYTES);
      for (int at = 0; at < count; at++) {
        indices[at] = Lanes.getInt(start + (long) at * Integer.BYTES);
      }
    } else {
      long start = Lanes.address(this.indices + from * Long.BYTES);
      for (int at = 0; at < count; at++) {
        indices[at] = Lanes.getLong(start + (long) at * Long.BYTES);
      }
    }
  }

  private void setIndex(long place, long index) {
    if (indexBytes(size) == Integer.BYTES) {
      Lanes.setInt(indices + place * Integer.BYTES, (int) index);
    } else {
      Lanes.setLong(indices + place * Long.BYTES, index);
    }
  }

  /** The source, a bin for each user. */
  private final class ByUser implements CountingSort.Elements {
    private final Ratings source;
    private final int[] binOf;

    ByUser(Ratings source, int[] binOf) {
      this.source = source;
      this.binOf = binOf;
    }

    @Override
    public void findBins(long from, int count, int[] bins) {
      for (int at = 0; at < count; at++) {
        bins[at] = binOf[source.user(from + at)];
      }
    }

    @Override
    public void move(long from, int count, int[] bins, long[] places) {
      for (int at = 0; at < count; at++) {
        columns.set(places[at], source, from + at);
        setIndex(places[at], from + at);
      }
    }
  }
}
