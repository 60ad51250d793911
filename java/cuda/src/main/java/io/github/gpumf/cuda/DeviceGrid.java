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
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Ratings on the device in the order of a {@link RatingGrid}, as {@code groups.cuh} wants them.
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

  /** The host's processors put blocks in order: 25 million ratings are seconds of work. */
  private static final RatingGrid.Workers WORKERS =
      (count, task) -> IntStream.range(0, count).parallel().forEach(task);

  /** User, item, value and weight. */
  private static final int BYTES_OF_RATING = 16;

  /** Its first group, and how many share their item and how many do not. */
  private static final int NUMBERS_OF_BLOCK = 3;

  private final RatingGrid.Size size;
  private final DeviceBuffer ratings;
  private final DeviceBuffer groups;
  private final DeviceBuffer blocks;
  private final long[] ofRound;

  private DeviceGrid(
      RatingGrid.Size size,
      DeviceBuffer ratings,
      DeviceBuffer groups,
      DeviceBuffer blocks,
      long[] ofRound) {
    this.size = size;
    this.ratings = ratings;
    this.groups = groups;
    this.blocks = blocks;
    this.ofRound = ofRound;
  }

  /** Device memory; there may be as many groups as ratings. */
  static long bytes(TrainingShape shape) {
    return shape.ratings() * (BYTES_OF_RATING + Long.BYTES) + bytesOfBlocks(size(shape));
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
    long count = job.ratings().size();
    // First what may not fit.
    DeviceBuffer ratings = arena.allocate(count * BYTES_OF_RATING);
    DeviceBuffer groups = arena.allocate(count * Long.BYTES);
    DeviceBuffer blocks = arena.allocate(bytesOfBlocks(size));
    long[] ofRound = new long[size.rounds()];
    try (Arena host = Arena.ofShared()) {
      RatingGrid grid = RatingGrid.of(job.ratings(), size, job.cut().visits(), host, WORKERS);
      upload(grid, ratings, groups, blocks, arena.stream(), host);
      for (int round = 0; round < size.rounds(); round++) {
        ofRound[round] = grid.ratings(round);
      }
    }
    return new DeviceGrid(size, ratings, groups, blocks, ofRound);
  }

  private static void upload(
      RatingGrid grid,
      DeviceBuffer ratings,
      DeviceBuffer groups,
      DeviceBuffer blocks,
      Stream stream,
      Arena host) {
    RatingGrid.Size size = grid.size();
    int count = size.users() * size.items();
    long[] firstGroups = new long[count];
    int[] together = new int[count];
    Chunks ofRatings = new Chunks(ratings, stream, host);
    Chunks ofGroups = new Chunks(groups, stream, host);
    Heads heads = new Heads(grid);
    for (int place = 0; place < count; place++) {
      firstGroups[place] = ofGroups.count();
      heads.begin();
      long at = grid.startOf(place);
      for (byte group : grid.groupsOf(place)) {
        ofGroups.add(heads.next(at, group));
        for (long end = at + group; at < end; at++) {
          ofRatings.add(words(grid.user(at), grid.item(at)));
          ofRatings.add(
              words(
                  Float.floatToRawIntBits(grid.value(at)),
                  Float.floatToRawIntBits(grid.weight(at))));
        }
      }
      together[place] = heads.together();
    }
    ofRatings.end();
    ofGroups.end();
    Chunks ofBlocks = new Chunks(blocks, stream, host);
    for (int round = 0; round < size.rounds(); round++) {
      for (int number = 0; number < size.blocks(); number++) {
        int place = grid.placeOf(round, number);
        ofBlocks.add(firstGroups[place]);
        ofBlocks.add(together[place]);
        ofBlocks.add(grid.groupsOf(place).length - together[place]);
      }
    }
    ofBlocks.end();
  }

  /** Two ints, the lower address first: kernels and all hosts of CUDA are little-endian. */
  private static long words(int low, int high) {
    return Integer.toUnsignedLong(low) | (long) high << Integer.SIZE;
  }

  /** Longs on their way to the device, some at a time. */
  private static final class Chunks {
    private static final int LONGS = 1 << 19;

    private final DeviceBuffer target;
    private final Stream stream;
    private final MemorySegment host;
    private final long[] longs;
    private int length;
    private long done;

    Chunks(DeviceBuffer target, Stream stream, Arena arena) {
      this.target = target;
      this.stream = stream;
      longs = new long[(int) Math.min(target.size() / Long.BYTES, LONGS)];
      host = arena.allocate((long) longs.length * Long.BYTES, Long.BYTES);
    }

    /** Longs so far. */
    long count() {
      return done + length;
    }

    void add(long value) {
      longs[length++] = value;
      if (length == longs.length) {
        end();
      }
    }

    /** Sends what there is; returns when it has arrived. */
    void end() {
      long bytes = (long) length * Long.BYTES;
      if (bytes > 0) {
        MemorySegment.copy(longs, 0, host, ValueLayout.JAVA_LONG, 0, length);
        target.slice(done * Long.BYTES, bytes).copyFrom(host.asSlice(0, bytes), stream);
        stream.synchronize(); // the host's memory is free again
        done += length;
        length = 0;
      }
    }
  }

  /** The words of groups, as {@code groups.cuh} wants them. */
  private static final class Heads {
    private static final int POSITION_SHIFT = 8;
    private static final int LATE = 1 << 4;
    private static final int KEPT = 1 << 5;

    private final RatingGrid grid;

    /** Rows of the group before. */
    private int[] users = {};

    private int[] items = {};

    /** Groups so far that share their item; they come first. */
    private int together;

    Heads(RatingGrid grid) {
      this.grid = grid;
    }

    /** Begins a block. */
    void begin() {
      forget();
      together = 0;
    }

    int together() {
      return together;
    }

    /** The word of the next group of the block. */
    long next(long at, int size) {
      boolean shares = size > 1 && grid.item(at) == grid.item(at + 1);
      if (!shares && items.length == 1 && users.length > 1) {
        forget(); // those that share no row begin when all others have ended
      }
      int[] itsUsers = new int[size];
      int[] itsItems = new int[shares ? 1 : size];
      Arrays.setAll(itsUsers, number -> grid.user(at + number));
      Arrays.setAll(itsItems, number -> grid.item(at + number));
      boolean itemsMeet = share(items, itsItems);
      int marks = size;
      if (share(users, itsUsers) || (itemsMeet && !shares)) {
        marks |= LATE;
      }
      if (itemsMeet && shares) {
        marks |= KEPT;
      }
      users = itsUsers;
      items = itsItems;
      together += shares ? 1 : 0;
      return at << POSITION_SHIFT | marks;
    }

    private void forget() {
      users = new int[0];
      items = users;
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

  /** User, item, value and weight of each rating. */
  DeviceBuffer ratings() {
    return ratings;
  }

  /** A word for each group. */
  DeviceBuffer groups() {
    return groups;
  }

  /** Of each block, round by round, its first group and how many of each kind. */
  DeviceBuffer blocks() {
    return blocks;
  }

  /** How many ratings a round has. */
  long ratings(int round) {
    return ofRound[round];
  }
}
