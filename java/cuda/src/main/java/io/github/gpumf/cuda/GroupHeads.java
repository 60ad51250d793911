package io.github.gpumf.cuda;

import io.github.gpumf.backend.RatingGrid;

/**
 * The words of a block's groups, as {@code groups.cuh} wants them: where the ratings of a group
 * begin, how many they are, and whether rows of theirs are those of the group before.
 */
final class GroupHeads {
  private static final int POSITION_SHIFT = 8;
  private static final int LATE = 1 << 4;
  private static final int KEPT = 1 << 5;

  private final RatingGrid grid;
  private final Rows users = new Rows();
  private final Rows items = new Rows();

  /** Groups so far that share their item; they come first. */
  private int together;

  /** Begins a block. */
  GroupHeads(RatingGrid grid) {
    this.grid = grid;
  }

  int together() {
    return together;
  }

  /**
   * The word of the next group of the block.
   *
   * @param at position of its first rating
   * @param size how many it has
   */
  long next(long at, int size) {
    boolean shares = size > 1 && grid.item(at) == grid.item(at + 1);
    if (!shares && users.count > 1 && items.count == 1) {
      users.clear(); // those that share no row begin when all others have ended
      items.clear();
    }
    users.begin();
    items.begin();
    for (int number = 0; number < size; number++) {
      users.add(grid.user(at + number));
    }
    for (int number = 0; number < (shares ? 1 : size); number++) {
      items.add(grid.item(at + number));
    }
    together += shares ? 1 : 0;
    boolean itemsMeet = items.meet();
    boolean late = users.meet() || (itemsMeet && !shares);
    boolean kept = itemsMeet && shares;
    return at << POSITION_SHIFT | (kept ? KEPT : 0) | (late ? LATE : 0) | size;
  }

  /** A side's rows of a group, and of the one before. */
  private static final class Rows {
    private int[] rows = new int[RatingGrid.TOGETHER];
    private int[] before = new int[RatingGrid.TOGETHER];
    private int count;
    private int countBefore;

    /** Forgets all. */
    void clear() {
      count = 0;
    }

    /** Begins the next group. */
    void begin() {
      int[] free = before;
      before = rows;
      countBefore = count;
      rows = free;
      count = 0;
    }

    void add(int row) {
      rows[count++] = row;
    }

    /** Whether a row was one of the group before. */
    boolean meet() {
      for (int number = 0; number < count; number++) {
        for (int other = 0; other < countBefore; other++) {
          if (rows[number] == before[other]) {
            return true;
          }
        }
      }
      return false;
    }
  }
}
