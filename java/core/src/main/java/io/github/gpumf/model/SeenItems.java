package io.github.gpumf.model;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * For each user the items of its training ratings, ascending and distinct: what recommendations
 * leave out. Compressed rows: the items of user u are at {@code offsets[u]..offsets[u + 1] - 1}.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class SeenItems {
  /** Offsets, little-endian as in files. */
  public static final ValueLayout.OfLong OFFSET =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Items, little-endian as in files. */
  public static final ValueLayout.OfInt ITEM =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A column of {@link Ratings}, and of indices in between. */
  private static final ValueLayout.OfInt INDEX = ValueLayout.JAVA_INT;

  /**
   * Ratings read into arrays at a time, since code that is not compiled well yet is fast on these.
   */
  private static final int PIECE = 4096;

  private final int users;
  private final MemorySegment offsets;
  private final MemorySegment items;

  private SeenItems(int users, MemorySegment offsets, MemorySegment items) {
    this.users = users;
    this.offsets = offsets.asReadOnly();
    this.items = items.asReadOnly();
  }

  /**
   * Views memory as seen items, after checking it.
   *
   * @param users number of users
   * @param itemCount number of items
   * @param offsets {@code users + 1} longs, from 0 up to the number of items in the last argument,
   *     never falling
   * @param items the items of all users, ascending within each user
   * @return the view
   * @throws IllegalArgumentException if the memory does not hold that
   */
  public static SeenItems view(
      int users, int itemCount, MemorySegment offsets, MemorySegment items) {
    if (offsets.byteSize() != (users + 1L) * Long.BYTES) {
      throw new IllegalArgumentException(
          users
              + " users need "
              + (users + 1L)
              + " offsets, not "
              + offsets.byteSize() / Long.BYTES);
    }
    long count = items.byteSize() / Integer.BYTES;
    if (offsets.get(OFFSET, 0) != 0 || offsets.getAtIndex(OFFSET, users) != count) {
      throw new IllegalArgumentException("offsets of seen items must go from 0 to " + count);
    }
    SeenItems seen = new SeenItems(users, offsets, items);
    for (int user = 0; user < users; user++) {
      long from = seen.start(user);
      long to = seen.start(user + 1L);
      if (to < from || to > count) {
        throw new IllegalArgumentException(
            "offsets of seen items of user " + user + " are out of order: " + from + ".." + to);
      }
      int previous = -1;
      for (long at = from; at < to; at++) {
        int item = items.getAtIndex(ITEM, at);
        if (item <= previous || item >= itemCount) {
          throw new IllegalArgumentException(
              "seen item "
                  + item
                  + " of user "
                  + user
                  + " is not above "
                  + previous
                  + " and below "
                  + itemCount);
        }
        previous = item;
      }
    }
    return seen;
  }

  /**
   * Collects the items of each user.
   *
   * @param ratings training ratings
   * @return their items by user
   */
  public static SeenItems of(Ratings ratings) {
    int users = ratings.userCount();
    // Sorting by item, then stably by user, leaves each user's items ascending: two counting sorts.
    // Where an item's part begins; once its ratings are placed, where it ends.
    long[] itemEnd = new long[ratings.itemCount() + 1];
    long[] userStart = new long[users + 1];
    int[] ofUser = new int[PIECE];
    int[] ofItem = new int[PIECE];
    for (long from = 0; from < ratings.size(); from += PIECE) {
      int count = read(ratings.userColumn(), from, ofUser);
      read(ratings.itemColumn(), from, ofItem);
      for (int at = 0; at < count; at++) {
        userStart[ofUser[at] + 1]++;
        itemEnd[ofItem[at] + 1]++;
      }
    }
    accumulate(itemEnd);
    accumulate(userStart);
    Arena scratch = Arena.ofAuto();
    MemorySegment byItem = scratch.allocate(ratings.size() * Integer.BYTES, Long.BYTES);
    for (long from = 0; from < ratings.size(); from += PIECE) {
      int count = read(ratings.userColumn(), from, ofUser);
      read(ratings.itemColumn(), from, ofItem);
      for (int at = 0; at < count; at++) {
        byItem.setAtIndex(INDEX, itemEnd[ofItem[at]]++, ofUser[at]);
      }
    }
    MemorySegment sorted = scratch.allocate(ratings.size() * Integer.BYTES, Long.BYTES);
    long[] end = userStart.clone();
    int[] last = new int[users];
    Arrays.fill(last, -1);
    int item = 0;
    for (long from = 0; from < ratings.size(); from += PIECE) {
      int count = read(byItem, from, ofUser);
      for (int at = 0; at < count; at++) {
        while (from + at >= itemEnd[item]) {
          item++;
        }
        int user = ofUser[at];
        if (last[user] != item) {
          last[user] = item;
          sorted.setAtIndex(ITEM, end[user]++, item);
        }
      }
    }
    long seenCount = 0;
    for (int user = 0; user < users; user++) {
      seenCount += end[user] - userStart[user];
    }
    Arena arena = Arena.ofAuto();
    MemorySegment offsets = arena.allocate((users + 1L) * Long.BYTES, Long.BYTES);
    MemorySegment items = arena.allocate(seenCount * Integer.BYTES, Long.BYTES);
    long at = 0;
    for (int user = 0; user < users; user++) {
      long length = end[user] - userStart[user];
      MemorySegment.copy(
          sorted,
          userStart[user] * Integer.BYTES,
          items,
          at * Integer.BYTES,
          length * Integer.BYTES);
      at += length;
      offsets.setAtIndex(OFFSET, user + 1L, at);
    }
    return new SeenItems(users, offsets, items);
  }

  /**
   * Memory that {@link #of} takes, most of which is free again when it returns.
   *
   * @param ratings how many
   * @param users how many
   * @return bytes, at most
   */
  public static long bytes(long ratings, int users) {
    return 3 * ratings * Integer.BYTES + (users + 1L) * Long.BYTES;
  }

  /** Reads as much of a column as there is, at most a piece; returns how much that is. */
  private static int read(MemorySegment column, long from, int[] piece) {
    int count = (int) Math.min(piece.length, column.byteSize() / Integer.BYTES - from);
    MemorySegment.copy(column, INDEX, from * Integer.BYTES, piece, 0, count);
    return count;
  }

  private static void accumulate(long[] counts) {
    for (int index = 1; index < counts.length; index++) {
      counts[index] += counts[index - 1];
    }
  }

  private long start(long user) {
    return offsets.getAtIndex(OFFSET, user);
  }

  /**
   * Number of users.
   *
   * @return also those who have seen nothing
   */
  public int users() {
    return users;
  }

  /**
   * The items of a user.
   *
   * @param user 0..users-1
   * @return ascending item indices, a new array
   */
  public int[] of(int user) {
    java.util.Objects.checkIndex(user, users);
    long from = start(user);
    int[] seen = new int[Math.toIntExact(start(user + 1L) - from)];
    MemorySegment.copy(items, ITEM, from * Integer.BYTES, seen, 0, seen.length);
    return seen;
  }

  /**
   * The memory of the offsets.
   *
   * @return {@code users + 1} longs, read-only
   */
  public MemorySegment offsets() {
    return offsets;
  }

  /**
   * The memory of the items.
   *
   * @return ints, read-only
   */
  public MemorySegment items() {
    return items;
  }
}
