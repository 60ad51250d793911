package io.github.gpumf.model;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Collects the distinct items of each user. Ratings come in any order: to put each to its user at
 * once would miss the cache every time. So they go to buckets of users first, some at a time, and
 * then bucket by bucket to the users. Spans of the ratings, and then the buckets, are worked on at
 * the same time.
 *
 * <p>Of memory, 36 bytes a rating come and go, nearly all of them in order: users are read three
 * times, to count them, to count the buckets and to fill these, and items once; a pair is written
 * and read, and an item written.
 */
final class ItemsByUser {
  private static final ValueLayout.OfInt INDEX = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong PAIR = ValueLayout.JAVA_LONG;

  /** Ratings of a bucket: what is made of them fits a second-level cache. */
  static final int BUCKET = 1 << 17;

  /** Buckets are larger where there would be more than about twice as many. */
  private static final int BUCKETS = 1024;

  /** Pairs that go to a bucket at a time. */
  private static final int BUNCH = 32;

  /** Ratings of a span, at least. */
  private static final int SPAN = 1 << 16;

  private static final int MOST_SPANS = 16;

  /** Numbers that are read at a time, since code that is not compiled yet is fast on arrays. */
  private static final int PIECE = 4096;

  private final Ratings ratings;
  private final Workers workers;
  private final int spans;

  /** The ratings of user u have the places {@code start[u]} to {@code start[u + 1] - 1}. */
  private final long[] start;

  /** For each user the place of its next item, or after its last. */
  private final long[] next;

  private final int[] bucketOf;

  /** The users of bucket b are {@code first[b]} to {@code first[b + 1] - 1}. */
  private final int[] first;

  private int buckets;

  private ItemsByUser(Ratings ratings, int bucket, Workers workers) {
    this.ratings = ratings;
    this.workers = workers;
    spans = Math.clamp(ratings.size() / SPAN, 1, MOST_SPANS);
    int users = ratings.userCount();
    start = new long[users + 1];
    count();
    next = Arrays.copyOf(start, users);
    bucketOf = new int[users];
    long most = Math.max(bucket, ratings.size() / BUCKETS);
    first = new int[(int) Math.min(users, 2 * (ratings.size() / most) + 1) + 1];
    cut(most);
  }

  /**
   * Collects them.
   *
   * @param bucket ratings of a bucket, at least 1
   */
  static SeenItems of(Ratings ratings, int bucket, Workers workers) {
    return new ItemsByUser(ratings, bucket, workers).collect();
  }

  private void count() {
    int[] users = new int[PIECE];
    for (long from = 0; from < ratings.size(); from += PIECE) {
      int count = read(ratings.userColumn(), from, ratings.size(), users);
      for (int at = 0; at < count; at++) {
        start[users[at] + 1]++;
      }
    }
    for (int user = 1; user < start.length; user++) {
      start[user] += start[user - 1];
    }
  }

  /** Cuts the users into buckets: as many as have so many ratings, or one that has more. */
  private void cut(long most) {
    for (int user = 0; user < bucketOf.length; user++) {
      if (buckets == 0 || start[user + 1] - start[first[buckets - 1]] > most) {
        first[buckets++] = user;
      }
      bucketOf[user] = buckets - 1;
    }
    first[buckets] = bucketOf.length;
  }

  private SeenItems collect() {
    MemorySegment items = Arena.ofAuto().allocate(ratings.size() * Integer.BYTES, Long.BYTES);
    try (Arena scratch = Arena.ofShared()) {
      MemorySegment pairs = scratch.allocate(ratings.size() * Long.BYTES, Long.BYTES);
      long[][] places = places();
      workers.run(spans, span -> new Span(places[span]).copyTo(pairs, from(span), from(span + 1)));
      Queue<Bucket> idle = new ConcurrentLinkedQueue<>();
      workers.run(
          buckets,
          number -> {
            Bucket bucket = Objects.requireNonNullElseGet(idle.poll(), Bucket::new);
            bucket.collect(number, pairs, items);
            idle.add(bucket);
          });
    }
    return closeGaps(items);
  }

  private long from(int span) {
    return ratings.size() / spans * span + Math.min(span, ratings.size() % spans);
  }

  /** For each span and bucket the place of its first pair. */
  private long[][] places() {
    long[][] places = new long[spans][buckets];
    workers.run(spans, span -> countByBucket(places[span], from(span), from(span + 1)));
    for (int bucket = 0; bucket < buckets; bucket++) {
      long place = start[first[bucket]];
      for (long[] ofSpan : places) {
        long count = ofSpan[bucket];
        ofSpan[bucket] = place;
        place += count;
      }
    }
    return places;
  }

  private void countByBucket(long[] counts, long begin, long end) {
    int[] users = new int[PIECE];
    for (long from = begin; from < end; from += PIECE) {
      int count = read(ratings.userColumn(), from, end, users);
      for (int at = 0; at < count; at++) {
        counts[bucketOf[users[at]]]++;
      }
    }
  }

  /** Reads as much of a column as there is before an end; returns how much that is. */
  private static int read(MemorySegment column, long from, long end, int[] piece) {
    int count = (int) Math.min(piece.length, end - from);
    MemorySegment.copy(column, INDEX, from * Integer.BYTES, piece, 0, count);
    return count;
  }

  /** Moves users' items together, over the gaps that users have who have rated an item again. */
  private SeenItems closeGaps(MemorySegment items) {
    MemorySegment offsets =
        Arena.ofAuto().allocate(SeenItems.bytesOfOffsets(next.length), Long.BYTES);
    long at = 0;
    for (int user = 0; user < next.length; user++) {
      long count = next[user] - start[user];
      if (at < start[user]) {
        MemorySegment.copy(
            items, start[user] * Integer.BYTES, items, at * Integer.BYTES, count * Integer.BYTES);
      }
      at += count;
      offsets.setAtIndex(SeenItems.OFFSET, user + 1L, at);
    }
    return new SeenItems(next.length, offsets, items.asSlice(0, at * Integer.BYTES));
  }

  /** Copies a span's ratings to their buckets. */
  private final class Span {
    /** For each bucket the place of the next bunch, and of what is to be in it. */
    private final long[] places;

    private final long[] bunches;
    private final int[] sizes;

    Span(long[] places) {
      this.places = places;
      bunches = new long[places.length * BUNCH];
      sizes = new int[places.length];
    }

    void copyTo(MemorySegment pairs, long begin, long end) {
      int[] users = new int[PIECE];
      int[] items = new int[PIECE];
      for (long from = begin; from < end; from += PIECE) {
        int count = read(ratings.userColumn(), from, end, users);
        read(ratings.itemColumn(), from, end, items);
        for (int at = 0; at < count; at++) {
          int bucket = bucketOf[users[at]];
          int size = sizes[bucket]++;
          bunches[bucket * BUNCH + size] = (long) users[at] << Integer.SIZE | items[at];
          if (size == BUNCH - 1) {
            flush(bucket, pairs);
          }
        }
      }
      for (int bucket = 0; bucket < places.length; bucket++) {
        flush(bucket, pairs);
      }
    }

    private void flush(int bucket, MemorySegment pairs) {
      int size = sizes[bucket];
      MemorySegment.copy(bunches, bucket * BUNCH, pairs, PAIR, places[bucket] * Long.BYTES, size);
      places[bucket] += size;
      sizes[bucket] = 0;
    }
  }

  /** Collects one bucket after the other. */
  private final class Bucket {
    private final long[] piece = new long[PIECE];
    private final ItemSet set = new ItemSet(ratings.itemCount());

    /** Of one user after the other. */
    private int[] ofUsers = {};

    void collect(int bucket, MemorySegment pairs, MemorySegment items) {
      int user = first[bucket];
      int users = first[bucket + 1] - user;
      long from = start[user];
      long end = start[user + users];
      // One user may have more ratings than an array can hold, but not more items.
      long most = users == 1 ? Math.min(end - from, ratings.itemCount()) : end - from;
      if (ofUsers.length < most) {
        ofUsers = new int[Math.toIntExact(most)];
      }
      for (long at = from; at < end; at += PIECE) {
        int count = (int) Math.min(PIECE, end - at);
        MemorySegment.copy(pairs, PAIR, at * Long.BYTES, piece, 0, count);
        if (users == 1) {
          addToSet(count);
        } else {
          addToUsers(count, from);
        }
      }
      if (users == 1) {
        next[user] = from + set.drainTo(ofUsers, 0);
      } else {
        sort(user, user + users, from);
      }
      long length = next[user + users - 1] - from;
      MemorySegment.copy(ofUsers, 0, items, SeenItems.ITEM, from * Integer.BYTES, (int) length);
    }

    private void addToSet(int count) {
      for (int at = 0; at < count; at++) {
        set.add((int) piece[at]);
      }
    }

    private void addToUsers(int count, long from) {
      for (int at = 0; at < count; at++) {
        int user = (int) (piece[at] >>> Integer.SIZE);
        ofUsers[(int) (next[user]++ - from)] = (int) piece[at];
      }
    }

    private void sort(int firstUser, int endUser, long from) {
      for (int user = firstUser; user < endUser; user++) {
        int begin = (int) (start[user] - from);
        int end = (int) (next[user] - from);
        for (int at = begin; at < end; at++) {
          set.add(ofUsers[at]);
        }
        next[user] = from + set.drainTo(ofUsers, begin);
      }
    }
  }
}
