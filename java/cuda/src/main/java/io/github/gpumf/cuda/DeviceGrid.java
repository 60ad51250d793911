package io.github.gpumf.cuda;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.RatingGrid.Visits;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/**
 * Ratings on the device in the order of a {@link RatingGrid}, as {@code rounds.cuh} wants them.
 * They name rows as the tables have them, not by the grid's numbers: on a GPU a row of factors is
 * whole cache lines anyway, and all else that reads the tables finds them as it is used to.
 */
final class DeviceGrid {
  /**
   * How ratings are cut for a GPU.
   *
   * <p>A warp works on a block at a time. With 25 million ratings and MovieLens' skew an epoch took
   * as long with 256 stripes as with 512, and some percent less with 384, on an H200: the ratings
   * of the hottest item, a third of a percent, wait for one another in any grid, and all the others
   * are done by then.
   *
   * <p>The end of a block costs about as much as 10 of its ratings, so blocks are not smaller.
   */
  static final Cut CUT = new Cut(384, 32, Visits.ITEMS_TOGETHER);

  /** Ratings that are uploaded at a time: some MB. */
  private static final int CHUNK = 1 << 18;

  /** The host's processors put blocks in order: 25 million ratings are seconds of work. */
  private static final RatingGrid.Workers WORKERS =
      (count, task) -> IntStream.range(0, count).parallel().forEach(task);

  private static final int NUMBERS_OF_BLOCK = 2;

  /** Two bits of a row are a record's marks. */
  private static final int MOST_ROWS = 1 << 30;

  private final RatingGrid.Size size;
  private final int words;
  private final DeviceBuffer ratings;
  private final DeviceBuffer blocks;
  private final long[] ofRound;

  private DeviceGrid(
      RatingGrid.Size size, int words, DeviceBuffer ratings, DeviceBuffer blocks, long[] ofRound) {
    this.size = size;
    this.words = words;
    this.ratings = ratings;
    this.blocks = blocks;
    this.ofRound = ofRound;
  }

  /** Device memory. */
  static long bytes(TrainingShape shape) {
    return RatingGrid.bytes(shape.ratings(), shape.weighted()) + bytesOfBlocks(size(shape));
  }

  /** The grid of a training. */
  static RatingGrid.Size size(TrainingShape shape) {
    return RatingGrid.Size.of(shape.ratings(), shape.users(), shape.items(), CUT);
  }

  private static long bytesOfBlocks(RatingGrid.Size size) {
    return (long) size.rounds() * size.blocks() * NUMBERS_OF_BLOCK * Long.BYTES;
  }

  /** Puts ratings in order and uploads them; the stream is through with it when this returns. */
  static DeviceGrid upload(TrainingJob job, DeviceArena arena) {
    RatingGrid.Size size = job.gridSize();
    requireMarks(job.ratings().userCount());
    requireMarks(job.ratings().itemCount());
    boolean weighted = job.ratings().hasWeights();
    // First what may not fit.
    DeviceBuffer ratings = arena.allocate(RatingGrid.bytes(job.ratings().size(), weighted));
    DeviceBuffer blocks = arena.allocate(bytesOfBlocks(size));
    long[] ofRound = new long[size.rounds()];
    try (Arena host = Arena.ofShared()) {
      RatingGrid grid = RatingGrid.of(job.ratings(), size, job.cut().visits(), host, WORKERS);
      uploadRatings(grid, RatingGrid.stride(weighted), ratings, arena.stream(), host);
      MemorySegment pairs = host.allocate(blocks.size(), Long.BYTES);
      for (int round = 0; round < size.rounds(); round++) {
        ofRound[round] = grid.ratings(round);
        for (int number = 0; number < size.blocks(); number++) {
          long pair = (long) NUMBERS_OF_BLOCK * ((long) round * size.blocks() + number);
          pairs.setAtIndex(ValueLayout.JAVA_LONG, pair, grid.start(round, number));
          pairs.setAtIndex(ValueLayout.JAVA_LONG, pair + 1, grid.end(round, number));
        }
      }
      blocks.copyFrom(pairs, arena.stream());
      arena.stream().synchronize();
    }
    return new DeviceGrid(
        size, RatingGrid.stride(weighted) / Integer.BYTES, ratings, blocks, ofRound);
  }

  private static void requireMarks(int rows) {
    if (rows > MOST_ROWS) {
      throw new IllegalArgumentException(
          "an update per rating takes up to "
              + MOST_ROWS
              + " users or items on a GPU; got "
              + rows
              + ": train with an update per batch");
    }
  }

  private static void uploadRatings(
      RatingGrid grid, int stride, DeviceBuffer target, Stream stream, Arena host) {
    int words = stride / Integer.BYTES;
    long count = target.size() / stride;
    int chunk = (int) Math.min(count, CHUNK + RatingGrid.TOGETHER);
    MemorySegment ordered = host.allocate((long) chunk * stride, Integer.BYTES);
    Records records = new Records(grid, new int[chunk * words], words);
    long done = 0;
    RatingGrid.Size size = grid.size();
    for (int user = 0; user < size.users(); user++) {
      for (int item = 0; item < size.items(); item++) {
        records.begin();
        long at = grid.startOf(user, item);
        for (byte group : grid.groupsOf(user, item)) {
          if (records.count() + group > chunk) {
            done = upload(records, ordered, target, done, stride, stream);
          }
          records.add(at, group);
          at += group;
        }
      }
    }
    upload(records, ordered, target, done, stride, stream);
  }

  private static long upload(
      Records records,
      MemorySegment ordered,
      DeviceBuffer target,
      long done,
      int stride,
      Stream stream) {
    int count = records.count();
    if (count == 0) {
      return done;
    }
    MemorySegment.copy(
        records.take(), 0, ordered, ValueLayout.JAVA_INT, 0, count * (stride / Integer.BYTES));
    long bytes = (long) count * stride;
    target.slice(done * stride, bytes).copyFrom(ordered.asSlice(0, bytes), stream);
    stream.synchronize(); // the chunk is free again
    return done + count;
  }

  /** The words of ratings, group by group, with the marks of records. */
  private static final class Records {
    /** Of the first user: how many ratings the record has, less one. */
    private static final int SIZE_SHIFT = 30;

    /** Of the first item: one of the record's rows is in one of the few before it. */
    private static final int LATE = 1 << 31;

    /** Of the first item: the record is a part of a group that shares it. */
    private static final int TOGETHER = 1 << 30;

    private static final int RECENT = 3;

    private final RatingGrid grid;
    private final int[] target;
    private final int words;
    private int length;

    /** Rows of the last records, the newest first, and whether theirs is a group of one item. */
    private final int[][] users = new int[RECENT][];

    private final int[][] items = new int[RECENT][];
    private final boolean[] together = new boolean[RECENT];

    Records(RatingGrid grid, int[] target, int words) {
      this.grid = grid;
      this.target = target;
      this.words = words;
    }

    /** Ratings so far. */
    int count() {
      return length / words;
    }

    /** The words so far; what is added then comes in their place. */
    int[] take() {
      length = 0;
      return target;
    }

    /** Begins a block. */
    void begin() {
      for (int record = 0; record < RECENT; record++) {
        users[record] = new int[0];
        items[record] = new int[0];
        together[record] = false;
      }
    }

    /** Adds a group; one that shares its item is two records. */
    void add(long at, int group) {
      boolean together = group > 1 && grid.item(at) == grid.item(at + 1);
      int first = together ? Math.ceilDiv(group, 2) : group;
      addRecord(at, first, together);
      if (together) {
        addRecord(at + first, group - first, true);
      }
    }

    private void addRecord(long at, int size, boolean oneItem) {
      int[] itsUsers = new int[size];
      int[] itsItems = new int[size];
      int first = length;
      for (int number = 0; number < size; number++) {
        itsUsers[number] = grid.user(at + number);
        itsItems[number] = grid.item(at + number);
        target[length] = itsUsers[number];
        target[length + 1] = itsItems[number];
        target[length + 2] = Float.floatToRawIntBits(grid.value(at + number));
        if (words > 3) {
          target[length + 3] = Float.floatToRawIntBits(grid.weight(at + number));
        }
        length += words;
      }
      target[first] |= (size - 1) << SIZE_SHIFT;
      if (oneItem) {
        target[first + 1] |= TOGETHER;
      }
      if (isLate(itsUsers, itsItems, oneItem)) {
        target[first + 1] |= LATE;
      }
      for (int record = RECENT - 1; record > 0; record--) {
        users[record] = users[record - 1];
        items[record] = items[record - 1];
        together[record] = together[record - 1];
      }
      users[0] = itsUsers;
      items[0] = itsItems;
      together[0] = oneItem;
    }

    /** An item that follows itself, group by group, is kept and not read again. */
    private boolean isLate(int[] itsUsers, int[] itsItems, boolean oneItem) {
      // Two groups that share their items are four records at once: the third before matters then.
      int recent = together[RECENT - 1] ? RECENT : RECENT - 1;
      for (int record = 0; record < recent; record++) {
        if (share(users[record], itsUsers)
            || (share(items[record], itsItems) && !(oneItem && together[record]))) {
          return true;
        }
      }
      return false;
    }

    private static boolean share(int[] some, int[] others) {
      for (int row : some) {
        for (int other : others) {
          if (row == other) {
            return true;
          }
        }
      }
      return false;
    }
  }

  RatingGrid.Size size() {
    return size;
  }

  /** User, item, value and, if they have weights, weight of each rating, with records' marks. */
  DeviceBuffer ratings() {
    return ratings;
  }

  /** Of 4 bytes, of each rating. */
  int words() {
    return words;
  }

  /** First position and end of each block, round by round. */
  DeviceBuffer blocks() {
    return blocks;
  }

  /** How many ratings a round has. */
  long ratings(int round) {
    return ofRound[round];
  }
}
