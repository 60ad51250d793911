package io.github.gpumf.backend;

import java.util.Arrays;

/**
 * The order of the ratings of a block, which lie in {@code from}, so many words each, and come to
 * lie in {@code to}; the block's users and items are numbered from two first ones.
 */
final class BlockOrder {
  /** How many of a user's ratings are looked at for an item that the group has not. */
  private static final int CHOICE = 4;

  private BlockOrder() {}

  /**
   * Users take turns.
   *
   * @return the sizes of the groups
   */
  static byte[] takeTurns(int[] from, int words, int firstUser, int firstItem, int[] to) {
    Turns turns = new Turns(from, words, firstUser, firstItem);
    byte[] sizes = new byte[to.length / words];
    int groupCount = 0;
    for (int done = 0; done < to.length; ) {
      int before = done;
      done = turns.next(to, done);
      sizes[groupCount++] = (byte) ((done - before) / words);
    }
    return Arrays.copyOf(sizes, groupCount);
  }

  /**
   * The ratings of an item, then those of the next.
   *
   * @return the sizes of no groups: each rating is one
   */
  static byte[] itemByItem(int[] from, int words, int firstItem, int[] to) {
    int[] list = new int[from.length / words];
    byRow(from, words, RatingGrid.ITEM / Integer.BYTES, firstItem, list);
    int done = 0;
    for (int start : list) {
      for (int at = 0; at < words; at++) {
        to[done++] = from[start + at];
      }
    }
    return new byte[0];
  }

  /** The users of a block, of whom some take turns. */
  private static final class Turns {
    private final int[] ratings;
    private final int words;
    private final int firstItem;

    /** Where ratings begin, user by user. */
    private final int[] list;

    /** For each user where its part of the list ends. */
    private final int[] ends;

    /** Parts of the list: what is left of those who take turns. */
    private final int[] next = new int[RatingGrid.GROUP];

    private final int[] end = new int[RatingGrid.GROUP];
    private int user;

    /** The last group that had an item. */
    private final int[] groupOfItem;

    private int group;

    Turns(int[] ratings, int words, int firstUser, int firstItem) {
      this.ratings = ratings;
      this.words = words;
      this.firstItem = firstItem;
      list = new int[ratings.length / words];
      ends = byRow(ratings, words, RatingGrid.USER / Integer.BYTES, firstUser, list);
      int mostItem = 0;
      for (int word = 1; word < ratings.length; word += words) {
        mostItem = Math.max(mostItem, ratings[word] - firstItem);
      }
      groupOfItem = new int[mostItem + 1];
    }

    /** Appends a group to {@code done} words; returns how many there are then. */
    int next(int[] to, int done) {
      int words = done;
      group++;
      for (int turn = 0; turn < RatingGrid.GROUP; turn++) {
        while (next[turn] == end[turn] && user < ends.length) {
          next[turn] = user == 0 ? 0 : ends[user - 1];
          end[turn] = ends[user];
          user++;
        }
        if (choose(turn)) {
          int from = list[next[turn]++];
          for (int at = 0; at < this.words; at++) {
            to[words++] = ratings[from + at];
          }
        }
      }
      return words;
    }

    /** Puts a rating first whose item the group has not; false if none is found. */
    private boolean choose(int turn) {
      int first = next[turn];
      int last = Math.min(end[turn], first + CHOICE);
      for (int at = first; at < last; at++) {
        int word = list[at];
        int item = ratings[word + 1] - firstItem;
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

  /**
   * Lists where ratings begin, row by row; returns for each row where its part ends.
   *
   * @param word of a rating that tells its row
   */
  private static int[] byRow(int[] ratings, int words, int word, int firstRow, int[] list) {
    int most = 0;
    for (int at = word; at < ratings.length; at += words) {
      most = Math.max(most, ratings[at] - firstRow);
    }
    int[] next = new int[most + 2];
    for (int at = word; at < ratings.length; at += words) {
      next[ratings[at] - firstRow + 1]++;
    }
    for (int row = 0; row <= most; row++) {
      next[row + 1] += next[row];
    }
    for (int at = word; at < ratings.length; at += words) {
      list[next[ratings[at] - firstRow]++] = at - word;
    }
    return Arrays.copyOf(next, most + 1);
  }
}
