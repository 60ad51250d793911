package io.github.gpumf.backend;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Puts the ratings of a block in order, on the Java heap; see {@link RatingGrid}. One thread at a
 * time. It is used again for block after block, and keeps its arrays: a block is a megabyte, and
 * new ones for each would be hundreds before they are collected.
 */
final class BlockOrder {
  /** How many of a user's ratings are looked at for an item that the group has not. */
  private static final int CHOICE = 4;

  private static final int USER = RatingGrid.USER / Integer.BYTES;
  private static final int ITEM = RatingGrid.ITEM / Integer.BYTES;

  /** Of a rating. */
  private final int words;

  /** The ratings as they were, and as they come. */
  private int[] from = {};

  private int[] to = {};

  /** Where ratings begin, row by row. */
  private int[] list = {};

  private byte[] sizes = {};

  /** The words of the block. */
  private int length;

  /**
   * Makes one for blocks of ratings of a size.
   *
   * @param words of 32 bits in a rating
   */
  BlockOrder(int words) {
    this.words = words;
  }

  /**
   * Orders a block.
   *
   * @param ratings all of them
   * @param start of the block's first
   * @param count of its ratings
   * @param firstUser by which its users are numbered
   * @param firstItem by which its items are numbered
   * @return the sizes of its groups; none if each rating is one
   */
  byte[] order(
      MemorySegment ratings,
      long start,
      int count,
      RatingGrid.Visits visits,
      int firstUser,
      int firstItem) {
    length = Math.multiplyExact(count, words);
    if (from.length < length) {
      from = new int[length];
      to = new int[length];
      list = new int[count];
      sizes = new byte[count];
    }
    long offset = start * words * Integer.BYTES;
    MemorySegment.copy(ratings, RatingGrid.WORD, offset, from, 0, length);
    byte[] groups =
        switch (visits) {
          case USERS_IN_TURN -> takeTurns(firstUser, firstItem);
          case ITEM_BY_ITEM -> itemByItem(firstItem);
        };
    MemorySegment.copy(to, 0, ratings, RatingGrid.WORD, offset, length);
    return groups;
  }

  private byte[] takeTurns(int firstUser, int firstItem) {
    Turns turns = new Turns(firstUser, firstItem);
    int groupCount = 0;
    for (int done = 0; done < length; ) {
      int before = done;
      done = turns.next(done);
      sizes[groupCount++] = (byte) ((done - before) / words);
    }
    return Arrays.copyOf(sizes, groupCount);
  }

  /** The ratings of an item, then those of the next. */
  private byte[] itemByItem(int firstItem) {
    byRow(ITEM, firstItem);
    int done = 0;
    for (int place = 0; place < length / words; place++) {
      for (int at = 0; at < words; at++) {
        to[done++] = from[list[place] + at];
      }
    }
    return new byte[0];
  }

  /** The users of a block, of whom some take turns. */
  private final class Turns {
    private final int firstItem;

    /** For each user where its part of the list ends. */
    private final int[] ends;

    /** Parts of the list: what is left of those who take turns. */
    private final int[] next = new int[RatingGrid.GROUP];

    private final int[] end = new int[RatingGrid.GROUP];
    private int user;

    /** The last group that had an item. */
    private final int[] groupOfItem;

    private int group;

    Turns(int firstUser, int firstItem) {
      this.firstItem = firstItem;
      ends = byRow(USER, firstUser);
      groupOfItem = new int[last(ITEM, firstItem) + 1];
    }

    /** Appends a group to {@code done} words; returns how many there are then. */
    int next(int done) {
      int length = done;
      group++;
      for (int turn = 0; turn < RatingGrid.GROUP; turn++) {
        while (next[turn] == end[turn] && user < ends.length) {
          next[turn] = user == 0 ? 0 : ends[user - 1];
          end[turn] = ends[user];
          user++;
        }
        if (choose(turn)) {
          int first = list[next[turn]++];
          for (int at = 0; at < words; at++) {
            to[length++] = from[first + at];
          }
        }
      }
      return length;
    }

    /** Puts a rating first whose item the group has not; false if none is found. */
    private boolean choose(int turn) {
      int first = next[turn];
      int last = Math.min(end[turn], first + CHOICE);
      for (int at = first; at < last; at++) {
        int word = list[at];
        int item = from[word + ITEM] - firstItem;
        if (groupOfItem[item] != group) {
          groupOfItem[item] = group;
          list[at] = list[first];
          list[first] = word;
          return true;
        }
      }
      return false;
    }
  }

  /** The last row of the block, counted from its first. */
  private int last(int word, int firstRow) {
    int most = 0;
    for (int at = word; at < length; at += words) {
      most = Math.max(most, from[at] - firstRow);
    }
    return most;
  }

  /**
   * Lists where ratings begin, row by row; returns for each row where its part ends.
   *
   * @param word of a rating that tells its row
   */
  private int[] byRow(int word, int firstRow) {
    int last = last(word, firstRow);
    int[] next = new int[last + 2];
    for (int at = word; at < length; at += words) {
      next[from[at] - firstRow + 1]++;
    }
    for (int row = 0; row <= last; row++) {
      next[row + 1] += next[row];
    }
    for (int at = word; at < length; at += words) {
      list[next[from[at] - firstRow]++] = at - word;
    }
    return Arrays.copyOf(next, last + 1);
  }
}
