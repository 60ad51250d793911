package io.github.gpumf.model;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

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

  private final int users;
  private final MemorySegment offsets;
  private final MemorySegment items;

  SeenItems(int users, MemorySegment offsets, MemorySegment items) {
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
    if (offsets.byteSize() != bytesOfOffsets(users)) {
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
    return of(ratings, Workers.CALLER);
  }

  /**
   * Collects the items of each user.
   *
   * @param ratings training ratings
   * @param workers do most of it
   * @return their items by user
   */
  public static SeenItems of(Ratings ratings, Workers workers) {
    return ItemsByUser.of(ratings, ItemsByUser.BUCKET, workers);
  }

  /**
   * Memory that {@link #of} takes, most of which is free again when it returns.
   *
   * @param ratings how many
   * @param users how many
   * @return bytes, at most
   */
  public static long bytes(long ratings, int users) {
    return ratings * Long.BYTES + bytesKept(ratings, users);
  }

  /**
   * Memory of seen items.
   *
   * @param ratings that they are of
   * @param users how many
   * @return bytes, at most
   */
  public static long bytesKept(long ratings, int users) {
    return ratings * Integer.BYTES + bytesOfOffsets(users);
  }

  /** Bytes of the offsets of so many users. */
  static long bytesOfOffsets(int users) {
    return (users + 1L) * Long.BYTES;
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
