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

  /**
   * How many ratings are looked at for one that fits into a group apart. It bounds the time, and
   * with fewer more places stay empty.
   */
  private static final int LOOK = 48;

  /** So many groups after a row's last one, the row has long been written. */
  private static final int LONG_AFTER = 3;

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
   * @return the sizes of its groups
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
          case ITEMS_TOGETHER -> new Together(firstUser, firstItem).order();
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

  /**
   * Groups that share their item, and then groups apart. Those are put together one rating after
   * the other, each the first of the next {@value #LOOK} ratings left that suits; what is passed
   * over keeps its place. A row with so many of the ratings left that it must be in every group
   * suits at once, or its last ones would be groups by themselves: with 25 million ratings in 512 x
   * 512 blocks there are 0.1 % more groups than there must be, and 14 % more without this.
   */
  private final class Together {
    private final int firstUser;
    private final int firstItem;

    /** The last group that had a row. */
    private final int[] groupOfUser;

    private final int[] groupOfItem;

    /** How many ratings of a row are among those left for the groups apart. */
    private final int[] leftOfUser;

    private final int[] leftOfItem;

    /** The group at hand; rows that had none yet had theirs long before the first. */
    private int group = LONG_AFTER;

    private int groupCount;
    private int done;

    Together(int firstUser, int firstItem) {
      this.firstUser = firstUser;
      this.firstItem = firstItem;
      groupOfUser = new int[last(USER, firstUser) + 1];
      groupOfItem = new int[last(ITEM, firstItem) + 1];
      leftOfUser = new int[groupOfUser.length];
      leftOfItem = new int[groupOfItem.length];
    }

    byte[] order() {
      int left = shareItems();
      for (int at = 0; at < left; at++) {
        leftOfUser[user(list[at])]++;
        leftOfItem[item(list[at])]++;
      }
      for (int first = 0; first < left; ) {
        first = apart(first, left);
      }
      return Arrays.copyOf(sizes, groupCount);
    }

    /** Appends the groups that share their item; returns how many ratings the list has left. */
    private int shareItems() {
      int left = 0;
      int next = 0;
      for (int end : byRow(ITEM, firstItem)) {
        int count = end - next < RatingGrid.APART ? 0 : gather(next, end);
        while (count > 1) {
          for (int at = next; at < next + count; at++) {
            append(list[at]);
          }
          close(count);
          next += count;
          count = gather(next, end);
        }
        left = leave(next, end, left);
        next = end;
      }
      return left;
    }

    /**
     * Brings ratings of users that are all different to a place of the list, as many as a group
     * has; returns how many these are. Of a user that has rated the item again the next group has a
     * rating.
     */
    private int gather(int first, int end) {
      int next = first;
      while (next < end && next - first < RatingGrid.TOGETHER) {
        int chosen = next;
        int last = Math.min(end, next + LOOK);
        while (chosen < last && hasUser(first, next, from[list[chosen] + USER])) {
          chosen++;
        }
        if (chosen == last) {
          break;
        }
        int word = list[chosen];
        System.arraycopy(list, next, list, next + 1, chosen - next);
        list[next++] = word;
      }
      return next - first;
    }

    private boolean hasUser(int first, int end, int user) {
      for (int at = first; at < end; at++) {
        if (from[list[at] + USER] == user) {
          return true;
        }
      }
      return false;
    }

    private int leave(int from, int end, int left) {
      System.arraycopy(list, from, list, left, end - from);
      return left + end - from;
    }

    /** Appends a group from what the list has left; returns where that begins then. */
    private int apart(int first, int left) {
      int next = first;
      while (next < left && next - first < RatingGrid.APART) {
        int chosen = choose(next, Math.min(left, next + LOOK), left - first);
        if (chosen < 0) {
          break;
        }
        int word = list[chosen];
        System.arraycopy(list, next, list, next + 1, chosen - next);
        append(word);
        leftOfUser[user(word)]--;
        leftOfItem[item(word)]--;
        next++;
      }
      close(next - first);
      return next;
    }

    /**
     * The first place of a rating that suits: whose rows no group has had for long, or of whose
     * rows one has a rating for each group that {@code left} ratings make. If there is none, the
     * place of that whose rows no group has had for longest; -1 if the group at hand has a row of
     * each.
     */
    private int choose(int first, int end, int left) {
      int chosen = -1;
      int longest = 0;
      for (int at = first; at < end && longest < LONG_AFTER; at++) {
        int user = user(list[at]);
        int item = item(list[at]);
        int since = group - Math.max(groupOfUser[user], groupOfItem[item]);
        if (since > 0 && RatingGrid.APART * Math.max(leftOfUser[user], leftOfItem[item]) >= left) {
          since = LONG_AFTER;
        }
        if (since > longest) {
          longest = since;
          chosen = at;
        }
      }
      return chosen;
    }

    private int user(int word) {
      return from[word + USER] - firstUser;
    }

    private int item(int word) {
      return from[word + ITEM] - firstItem;
    }

    /** Appends a rating to the group at hand. */
    private void append(int word) {
      groupOfUser[user(word)] = group;
      groupOfItem[item(word)] = group;
      for (int at = 0; at < words; at++) {
        to[done++] = from[word + at];
      }
    }

    private void close(int size) {
      sizes[groupCount++] = (byte) size;
      group++;
    }
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
