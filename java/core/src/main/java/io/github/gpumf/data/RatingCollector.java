package io.github.gpumf.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects rows of which the number is not known beforehand, and makes {@link Ratings} of them in
 * which each (user, item) occurs once: the latest timestamp wins, among equals or without
 * timestamps the last row, and the survivor stands where the pair stood first.
 */
final class RatingCollector {
  private static final int CHUNK_BITS = 16;
  private static final int CHUNK = 1 << CHUNK_BITS;

  /** In place of the user of a row that lost against a later one. */
  private static final int DROPPED = -1;

  private final class Chunk {
    final int[] users = new int[CHUNK];
    final int[] items = new int[CHUNK];
    final float[] values = new float[CHUNK];
    final long[] timestamps = new long[hasTimestamps ? CHUNK : 0];
  }

  private final IdIndexer users = new IdIndexer();
  private final IdIndexer items = new IdIndexer();
  private final boolean hasTimestamps;
  private final List<Chunk> chunks = new ArrayList<>();
  private long size;
  private long duplicates;

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

  /** Adds a row of a finite value; the timestamp counts only if there are any. */
  void add(int user, int item, float value, long timestamp) {
    int at = (int) size & (CHUNK - 1);
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

  /** Number of rows added. */
  long size() {
    return size;
  }

  /** Number of rows that another one replaced; known after {@link #build}. */
  long duplicates() {
    return duplicates;
  }

  /** Makes the ratings; the collector must not be used afterwards. */
  Ratings build() {
    IdMap userIds = users.toIdMap();
    IdMap itemIds = items.toIdMap();
    dropDuplicates(userIds.size(), itemIds.size());
    Ratings.Builder builder =
        Ratings.builder(userIds, itemIds, size - duplicates, hasTimestamps, false);
    long target = 0;
    for (long row = 0; row < size; row++) {
      Chunk chunk = chunkOf(row);
      int at = (int) row & (CHUNK - 1);
      if (chunk.users[at] == DROPPED) {
        continue;
      }
      builder.set(target, chunk.users[at], chunk.items[at], chunk.values[at]);
      if (hasTimestamps) {
        builder.timestamp(target, chunk.timestamps[at]);
      }
      target++;
    }
    return builder.build();
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
      byUser[(int) (place >>> CHUNK_BITS)][(int) place & (CHUNK - 1)] = row;
    }
    long place = 0;
    for (int user = 0; user < userCount; user++) {
      for (; place < ends[user]; place++) {
        long row = byUser[(int) (place >>> CHUNK_BITS)][(int) place & (CHUNK - 1)];
        int item = chunkOf(row).items[(int) row & (CHUNK - 1)];
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
    int firstAt = (int) firstRow & (CHUNK - 1);
    Chunk later = chunkOf(laterRow);
    int laterAt = (int) laterRow & (CHUNK - 1);
    if (!hasTimestamps || later.timestamps[laterAt] >= first.timestamps[firstAt]) {
      first.values[firstAt] = later.values[laterAt];
      if (hasTimestamps) {
        first.timestamps[firstAt] = later.timestamps[laterAt];
      }
    }
    later.users[laterAt] = DROPPED;
    duplicates++;
  }

  private int userOf(long row) {
    return chunkOf(row).users[(int) row & (CHUNK - 1)];
  }

  private Chunk chunkOf(long row) {
    return chunks.get((int) (row >>> CHUNK_BITS));
  }
}
