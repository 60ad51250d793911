package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The order in which ratings are visited with {@linkplain Updates#PER_RATING an update for each}.
 *
 * <p>Users and items are dealt into stripes, which cut the ratings into a grid of blocks. Blocks of
 * different users' and different items' stripes share no row, so their ratings can be visited by
 * different threads at the same time with one result (R. Gemulla et al., "Large-scale matrix
 * factorization with distributed stochastic gradient descent", KDD 2011; W.-S. Chin et al., "A fast
 * parallel stochastic gradient method for matrix factorization in shared memory systems", ACM TIST
 * 2015). An epoch is a sequence of rounds. A round is a diagonal of the grid: one block of each
 * stripe of the shorter side. All blocks of a round come before those of the next.
 *
 * <p>Rows are dealt by their number of ratings, the largest first, each to the stripe with the
 * fewest ratings so far: blocks of a round are about as large. {@link Visits} says how a block is
 * gone through, and {@link Cut} how many there are: each backend has its own, and a result belongs
 * to its cut.
 *
 * <p>The ratings of a block come in {@linkplain #groups groups}. All ratings of a group are
 * predicted from the rows before it; then each of its rows moves once, along the sum of the
 * gradients of its ratings in the group. It is a sum and not a mean, and each rating brings its
 * share of the regularization: {@code 2 lambda x} for a row x. The optimizer's numbers of the row
 * move once, too; AdaGrad's G grows by the squares of the gradients of the ratings, one by one,
 * since the square of their sum would make hot items learn less. Where the ratings of a group share
 * no row, this is an update for each of them, one after the other. Where they share their item, its
 * row and its bias have one update for all of them, and each user's have one for the user's.
 *
 * <p>Rows are numbered anew, stripe by stripe: the rows of a block lie close together.
 *
 * <p>Immutable; safe for any number of threads.
 */
public final class RatingGrid {
  /** The most ratings of a group: as many as the widest vectors have lanes. */
  public static final int GROUP = 16;

  /**
   * The most ratings of a group that shares its item, with {@link Visits#ITEMS_TOGETHER}. The
   * item's row is written once for so many, and so its ratings wait for one another an eighth as
   * often. A sum of so many gradients is still a small step at the rates that an update per rating
   * has.
   */
  public static final int TOGETHER = 8;

  /**
   * The most ratings of a group that shares no row, with {@link Visits#ITEMS_TOGETHER}. A group of
   * them has eight rows, about as many as one of {@link #TOGETHER} has with its nine.
   */
  public static final int APART = 4;

  static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfFloat NUMBER = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Where user, item, value and weight stand in a rating's bytes. */
  public static final int USER = 0;

  /** See {@link #USER}. */
  public static final int ITEM = Integer.BYTES;

  /** See {@link #USER}. */
  public static final int VALUE = 2 * Integer.BYTES;

  /** See {@link #USER}; only of ratings with weights. */
  public static final int WEIGHT = 3 * Integer.BYTES;

  /** The order of the ratings of a block. */
  public enum Visits {
    /**
     * The users take turns, {@value #GROUP} at a time, each with a rating of an item that the
     * others do not have now: a block is a sequence of groups of ratings that share no row, so that
     * a processor's core can work on all of a group at once.
     */
    USERS_IN_TURN,

    /**
     * First groups that share their item and no other row: of each item with at least {@value
     * #APART} ratings in the block groups of {@value #TOGETHER}, one after the other, the last one
     * of what is left, and then those of the next item, by number. A user that has rated an item
     * again is in the next of its groups. Then all other ratings, in groups of 1..{@value #APART}
     * that share no row: so a group shares its item if its first two ratings do. A GPU can work on
     * all of a group at once, and does not wait for the row of an item after each of its ratings:
     * some items have more ratings than any user, and a block of theirs is one item.
     *
     * <p>Groups apart are full, where ratings are left that share no row, and do so without the
     * rows of the two groups before, where there is a choice: a GPU reads the rows of a group while
     * it works on those.
     */
    ITEMS_TOGETHER
  }

  /**
   * How a backend wants ratings cut into blocks. It does not depend on the number of threads, since
   * the order must not.
   *
   * @param stripes of a side, at most; at least 1. As many blocks are worked on at a time
   * @param ratingsOfBlock there are fewer stripes where blocks would have fewer ratings than this
   *     on average, so that work outweighs the end of a round, where all wait for the last block;
   *     at least 1
   * @param visits the order within a block
   */
  public record Cut(int stripes, int ratingsOfBlock, Visits visits) {
    /**
     * For as many threads as share a memory at full speed. With twice the stripes rows are visited
     * too briefly: with 20 million ratings of 138,000 users 58 million a second became 73.
     */
    public static final Cut OF_PROCESSOR = new Cut(16, 1024, Visits.USERS_IN_TURN);

    /** Checks the numbers. */
    public Cut {
      if (stripes < 1 || ratingsOfBlock < 1) {
        throw new IllegalArgumentException(
            "a grid has at least one stripe and one rating in a block; got "
                + stripes
                + " and "
                + ratingsOfBlock);
      }
    }

    /**
     * With another limit.
     *
     * @param most stripes of a side, at least 1
     * @return the new cut
     */
    public Cut withStripes(int most) {
      return new Cut(most, ratingsOfBlock, visits);
    }
  }

  /**
   * How many stripes there are.
   *
   * @param users stripes of users, at least 1
   * @param items stripes of items, at least 1
   */
  public record Size(int users, int items) {
    /**
     * The size for some ratings.
     *
     * @param ratings how many, at least 1
     * @param users rows, at least 1
     * @param items rows, at least 1
     * @param cut how it is to be cut
     * @return the size
     */
    public static Size of(long ratings, int users, int items, Cut cut) {
      double fitting = Math.sqrt((double) ratings / cut.ratingsOfBlock());
      int stripes = (int) Math.clamp(fitting, 1, cut.stripes());
      return new Size(Math.min(stripes, users), Math.min(stripes, items));
    }

    /**
     * Rounds of an epoch.
     *
     * @return stripes of the longer side
     */
    public int rounds() {
      return Math.max(users, items);
    }

    /**
     * Blocks of a round.
     *
     * @return stripes of the shorter side
     */
    public int blocks() {
      return Math.min(users, items);
    }

    /**
     * Where in the grid a block of a round is. The number of a block is a stripe of the shorter
     * side, or of users: who has the same numbers in every round keeps those rows in its cache.
     */
    private int block(int round, int number) {
      int ofLonger = (number + round) % rounds();
      return users > items ? ofLonger * items + number : number * items + ofLonger;
    }
  }

  private final Size size;
  private final int stride;
  private final MemorySegment ratings;

  /** The positions of block b are {@code starts[b]} to {@code starts[b + 1] - 1}. */
  private final long[] starts;

  /** For each block the sizes of its groups. */
  private final byte[][] groups;

  /** For each new number the row it had. */
  private final int[] userRows;

  private final int[] itemRows;

  private RatingGrid(
      Size size, int stride, MemorySegment ratings, long[] starts, int[] userRows, int[] itemRows) {
    this.size = size;
    this.stride = stride;
    this.ratings = ratings;
    this.starts = starts;
    groups = new byte[starts.length - 1][];
    this.userRows = userRows;
    this.itemRows = itemRows;
  }

  /**
   * Puts ratings in order.
   *
   * @param ratings at least one
   * @param size of the grid
   * @param visits the order within a block
   * @param owner keeps the ordered copy: {@link #bytes} of memory
   * @param workers do a part of the work
   * @return the grid
   */
  public static RatingGrid of(
      Ratings ratings, Size size, Visits visits, Arena owner, Workers workers) {
    BlockSort sort = new BlockSort(ratings, size, workers);
    RatingStripes users = sort.users;
    RatingStripes items = sort.items;
    long[] starts = sort.starts;
    int stride = stride(ratings.hasWeights());
    MemorySegment ordered = owner.allocate(Math.multiplyExact(ratings.size(), (long) stride), 64);
    sort.copyTo(ordered);
    RatingGrid grid =
        new RatingGrid(size, stride, ordered, starts, users.rowOfNumber, items.rowOfNumber);
    Queue<BlockOrder> idle = new ConcurrentLinkedQueue<>();
    workers.run(
        starts.length - 1,
        block -> {
          BlockOrder order =
              Objects.requireNonNullElseGet(
                  idle.poll(), () -> new BlockOrder(stride / Integer.BYTES));
          grid.groups[block] =
              order.order(
                  ordered,
                  starts[block],
                  Math.toIntExact(starts[block + 1] - starts[block]),
                  visits,
                  users.first[block / size.items],
                  items.first[block % size.items]);
          idle.add(order);
        });
    return grid;
  }

  /**
   * Memory of the ordered copy.
   *
   * @param ratings how many
   * @param weighted whether they have weights
   * @return bytes
   */
  public static long bytes(long ratings, boolean weighted) {
    return ratings * stride(weighted);
  }

  /**
   * From a rating to the next.
   *
   * @param weighted whether they have weights
   * @return bytes
   */
  public static int stride(boolean weighted) {
    return (weighted ? 4 : 3) * Float.BYTES;
  }

  /**
   * The size.
   *
   * @return stripes of both sides
   */
  public Size size() {
    return size;
  }

  /**
   * The first position of a block.
   *
   * @param round in 0..rounds-1
   * @param number of the block in its round, in 0..blocks-1
   * @return a position, or the block's {@link #end} if it has no rating
   */
  public long start(int round, int number) {
    return starts[size.block(round, number)];
  }

  /**
   * The end of a block.
   *
   * @param round in 0..rounds-1
   * @param number of the block in its round, in 0..blocks-1
   * @return the position after its last
   */
  public long end(int round, int number) {
    return starts[size.block(round, number) + 1];
  }

  /**
   * The groups of a block: so many ratings each, one after the other. {@link Visits} says which
   * rows they share.
   *
   * @param round in 0..rounds-1
   * @param number of the block in its round, in 0..blocks-1
   * @return the size of each group, 1..{@value #GROUP}; not to be changed
   */
  public byte[] groups(int round, int number) {
    return groups[size.block(round, number)];
  }

  /**
   * Where a block is in the grid. Blocks lie in this order: those of the first stripe of users,
   * item stripe by item stripe, then those of the next.
   *
   * @param round in 0..rounds-1
   * @param number of the block in its round, in 0..blocks-1
   * @return its place, from 0
   */
  public int placeOf(int round, int number) {
    return size.block(round, number);
  }

  /**
   * The first position of a block, by its {@linkplain #placeOf place}.
   *
   * @param place of the block, or how many blocks there are
   * @return a position; after the last block the number of ratings
   */
  public long startOf(int place) {
    return starts[place];
  }

  /**
   * The groups of a block, by its {@linkplain #placeOf place}.
   *
   * @param place of the block
   * @return the size of each group; not to be changed
   */
  public byte[] groupsOf(int place) {
    return groups[place];
  }

  /**
   * Ratings of a round.
   *
   * @param round in 0..rounds-1
   * @return how many
   */
  public long ratings(int round) {
    long count = 0;
    for (int number = 0; number < size.blocks(); number++) {
      count += end(round, number) - start(round, number);
    }
    return count;
  }

  /**
   * The ratings in order: for each position user and item, as ints, by their new numbers, the value
   * and, if they have weights, the weight, as floats.
   *
   * @return {@link #stride} bytes for each position
   */
  public MemorySegment segment() {
    return ratings;
  }

  /**
   * The rows of the users' tables, in their new order.
   *
   * @return for each new number the row it has in the ratings; not to be changed
   */
  public int[] userRows() {
    return userRows;
  }

  /**
   * The rows of the items' tables, in their new order.
   *
   * @return for each new number the row it has in the ratings; not to be changed
   */
  public int[] itemRows() {
    return itemRows;
  }

  /**
   * The user at a position.
   *
   * @param position in the order
   * @return its row in the ratings
   */
  public int user(long position) {
    return userRows[ratings.get(WORD, position * stride + USER)];
  }

  /**
   * The item at a position.
   *
   * @param position in the order
   * @return its row in the ratings
   */
  public int item(long position) {
    return itemRows[ratings.get(WORD, position * stride + ITEM)];
  }

  /**
   * The value at a position.
   *
   * @param position in the order
   * @return the rating
   */
  public float value(long position) {
    return ratings.get(NUMBER, position * stride + VALUE);
  }

  /**
   * The weight at a position.
   *
   * @param position in the order
   * @return 1 if the ratings have none
   */
  public float weight(long position) {
    return stride > WEIGHT ? ratings.get(NUMBER, position * stride + WEIGHT) : 1;
  }
}
