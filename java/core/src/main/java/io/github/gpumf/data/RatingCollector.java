package io.github.gpumf.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects ratings of which neither the ids nor the number are known beforehand, and makes {@link
 * Ratings} of them once. Ids are strings or longs, {@code "42"} and 42 are the same, and their
 * indices follow the order of first appearance.
 *
 * {@snippet file="io/github/gpumf/data/RatingCollectorTest.java" region="clicks"}
 *
 * <p>Each (user, item) occurs once in the ratings: the latest timestamp wins, among equals or
 * without timestamps the rating added last, and the survivor stands where the pair stood first.
 *
 * <p>On the heap a rating takes 12 bytes, 8 more with a timestamp, 4 more with a weight, and 8 more
 * while the ratings are built, in pieces of 65,536 ratings; ids come on top.
 *
 * <p>Not safe for several threads.
 */
public final class RatingCollector {
  private static final int CHUNK_BITS = 16;
  private static final int CHUNK = 1 << CHUNK_BITS;

  /** In place of the user of a row that lost against a later one. */
  private static final int DROPPED = -1;

  private final class Chunk {
    final int[] users = new int[CHUNK];
    final int[] items = new int[CHUNK];
    final float[] values = new float[CHUNK];
    final long[] timestamps = new long[hasTimestamps ? CHUNK : 0];

    /** Empty while every weight is 1. */
    float[] weights = new float[0];

    float weight(int at) {
      return weights.length == 0 ? 1 : weights[at];
    }

    void setWeight(int at, float weight) {
      if (weights.length == 0) {
        weights = new float[CHUNK];
        Arrays.fill(weights, 1);
      }
      weights[at] = weight;
    }
  }

  private final IdIndexer users = new IdIndexer();
  private final IdIndexer items = new IdIndexer();
  private final List<Chunk> chunks = new ArrayList<>();
  private boolean hasTimestamps;
  private boolean hasWeights;
  private long size;
  private long duplicates;
  private boolean built;

  RatingCollector(boolean hasTimestamps) {
    this.hasTimestamps = hasTimestamps;
  }

  /** Ids of users; what is looked up here must be added. */
  IdIndexer users() {
    return users;
  }

  /** Ids of items; what is looked up here must be added. */
  IdIndexer items() {
    return items;
  }

  /**
   * Adds a rating without a timestamp, of weight 1.
   *
   * @param user id of the user, at least one character
   * @param item id of the item, at least one character
   * @param value the rating, finite
   * @return this
   * @throws IllegalArgumentException naming the row if an id is null or empty, the value is not
   *     finite, or the ratings before have timestamps; nothing is added
   * @throws IllegalStateException if the ratings are built
   */
  public RatingCollector add(String user, String item, float value) {
    return add(user, item, value, false, 0);
  }

  /**
   * Adds a rating of weight 1.
   *
   * @param user id of the user, at least one character
   * @param item id of the item, at least one character
   * @param value the rating, finite
   * @param timestamp when it was given, any value
   * @return this
   * @throws IllegalArgumentException naming the row if an id is null or empty, the value is not
   *     finite, or the ratings before have no timestamps; nothing is added
   * @throws IllegalStateException if the ratings are built
   */
  public RatingCollector add(String user, String item, float value, long timestamp) {
    return add(user, item, value, true, timestamp);
  }

  /**
   * Adds a rating without a timestamp, of weight 1.
   *
   * @param user id of the user
   * @param item id of the item
   * @param value the rating, finite
   * @return this
   * @throws IllegalArgumentException naming the row if the value is not finite or the ratings
   *     before have timestamps; nothing is added
   * @throws IllegalStateException if the ratings are built
   */
  public RatingCollector add(long user, long item, float value) {
    return add(user, item, value, false, 0);
  }

  /**
   * Adds a rating of weight 1.
   *
   * @param user id of the user
   * @param item id of the item
   * @param value the rating, finite
   * @param timestamp when it was given, any value
   * @return this
   * @throws IllegalArgumentException naming the row if the value is not finite or the ratings
   *     before have no timestamps; nothing is added
   * @throws IllegalStateException if the ratings are built
   */
  public RatingCollector add(long user, long item, float value, long timestamp) {
    return add(user, item, value, true, timestamp);
  }

  private RatingCollector add(
      String user, String item, float value, boolean timed, long timestamp) {
    requireNotBuilt();
    requireId("user", user);
    requireId("item", item);
    check(value, timed);
    addRow(users.indexOf(user), items.indexOf(item), value, timestamp);
    return this;
  }

  private RatingCollector add(long user, long item, float value, boolean timed, long timestamp) {
    check(value, timed);
    addRow(users.indexOf(user), items.indexOf(item), value, timestamp);
    return this;
  }

  /** The first rating says whether there are timestamps. */
  private void check(float value, boolean timed) {
    requireNotBuilt();
    Ratings.requireFinite(size, value);
    if (size > 0 && timed != hasTimestamps) {
      throw new IllegalArgumentException(
          "row "
              + size
              + (timed
                  ? " has a timestamp, and those before have none"
                  : " has no timestamp, and those before have one")
              + "; give every rating a timestamp, or none");
    }
    hasTimestamps = timed;
  }

  private void requireId(String role, String id) {
    if (id == null || id.isEmpty()) {
      throw new IllegalArgumentException(
          "row "
              + size
              + ": the "
              + role
              + " id is "
              + (id == null ? "null" : "empty")
              + "; give every rating ids");
    }
  }

  /**
   * Sets the weight of the rating added last.
   *
   * @param weight how much the rating counts in the loss, positive and finite
   * @return this
   * @throws IllegalArgumentException naming the row if the weight is not positive and finite
   * @throws IllegalStateException if there is no rating yet, or the ratings are built
   */
  public RatingCollector weight(float weight) {
    requireNotBuilt();
    if (size == 0) {
      throw new IllegalStateException("there is no rating to weigh; add it first");
    }
    Ratings.requireWeight(size - 1, weight);
    chunks.getLast().setWeight(at(size - 1), weight);
    hasWeights = true;
    return this;
  }

  /** Adds a row of a finite value; the timestamp counts only if there are any. */
  void addRow(int user, int item, float value, long timestamp) {
    int at = at(size);
    if (at == 0) {
      chunks.add(new Chunk());
    }
    Chunk chunk = chunks.getLast();
    chunk.users[at] = user;
    chunk.items[at] = item;
    chunk.values[at] = value;
    if (hasTimestamps) {
      chunk.timestamps[at] = timestamp;
    }
    size++;
  }

  /**
   * Number of ratings added, also those that another one of the same user and item replaces.
   *
   * @return rows
   */
  public long size() {
    return size;
  }

  /** Number of rows that another one replaced; known after {@link #build}. */
  long duplicates() {
    return duplicates;
  }

  /**
   * Makes the ratings; the collector cannot be used afterwards.
   *
   * @return the ratings, none if none was added; with timestamps if they were added with them, with
   *     weights if one was set
   * @throws IllegalStateException if the ratings are built already
   */
  public Ratings build() {
    requireNotBuilt();
    built = true;
    IdMap userIds = users.toIdMap();
    IdMap itemIds = items.toIdMap();
    dropDuplicates(userIds.size(), itemIds.size());
    Ratings.Builder builder =
        Ratings.builder(userIds, itemIds, size - duplicates, hasTimestamps, hasWeights);
    long target = 0;
    for (long row = 0; row < size; row++) {
      Chunk chunk = chunkOf(row);
      int at = at(row);
      if (chunk.users[at] == DROPPED) {
        continue;
      }
      builder.set(target, chunk.users[at], chunk.items[at], chunk.values[at]);
      if (hasTimestamps) {
        builder.timestamp(target, chunk.timestamps[at]);
      }
      if (hasWeights) {
        builder.weight(target, chunk.weight(at));
      }
      target++;
    }
    return builder.build();
  }

  private void requireNotBuilt() {
    if (built) {
      throw new IllegalStateException(
          "these ratings are built and immutable; start others with Ratings.collector");
    }
  }

  /**
   * Sorts the rows by user, stably and in linear time, and then needs to remember only one user's
   * items at a time: 8 bytes a row and 12 an item, where a hash table of pairs takes 24 or more a
   * row and misses the cache at every one.
   */
  private void dropDuplicates(int userCount, int itemCount) {
    long[] ends = new long[userCount];
    for (long row = 0; row < size; row++) {
      ends[userOf(row)]++;
    }
    long sum = 0;
    for (int user = 0; user < userCount; user++) {
      long count = ends[user];
      ends[user] = sum;
      sum += count;
    }
    int[] lastUser = new int[itemCount];
    Arrays.fill(lastUser, -1);
    long[] firstRow = new long[itemCount];
    long[][] byUser = new long[chunks.size()][CHUNK];
    for (long row = 0; row < size; row++) {
      long place = ends[userOf(row)]++;
      byUser[(int) (place >>> CHUNK_BITS)][at(place)] = row;
    }
    long place = 0;
    for (int user = 0; user < userCount; user++) {
      for (; place < ends[user]; place++) {
        long row = byUser[(int) (place >>> CHUNK_BITS)][at(place)];
        int item = chunkOf(row).items[at(row)];
        if (lastUser[item] == user) {
          replace(firstRow[item], row);
        } else {
          lastUser[item] = user;
          firstRow[item] = row;
        }
      }
    }
  }

  private void replace(long firstRow, long laterRow) {
    Chunk first = chunkOf(firstRow);
    int firstAt = at(firstRow);
    Chunk later = chunkOf(laterRow);
    int laterAt = at(laterRow);
    if (!hasTimestamps || later.timestamps[laterAt] >= first.timestamps[firstAt]) {
      first.values[firstAt] = later.values[laterAt];
      if (hasTimestamps) {
        first.timestamps[firstAt] = later.timestamps[laterAt];
      }
      if (hasWeights) {
        first.setWeight(firstAt, later.weight(laterAt));
      }
    }
    later.users[laterAt] = DROPPED;
    duplicates++;
  }

  private int userOf(long row) {
    return chunkOf(row).users[at(row)];
  }

  private Chunk chunkOf(long row) {
    return chunks.get((int) (row >>> CHUNK_BITS));
  }

  /** The place of a row in its chunk. */
  private static int at(long row) {
    return (int) row & (CHUNK - 1);
  }
}
