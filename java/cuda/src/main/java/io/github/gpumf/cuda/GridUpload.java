package io.github.gpumf.cuda;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The way of a grid's ratings to the device. Some blocks at a time are put into the words of {@code
 * groups.cuh} by some workers, and sent.
 */
final class GridUpload {
  /**
   * Ratings that travel together, unless a block has more: up to 25 MB with their groups. Workers
   * begin anew for each such piece, which takes as long as they need for thousands of ratings.
   */
  static final int MOST_RATINGS = 1 << 20;

  private final RatingGrid grid;
  private final Workers workers;
  private final Stream stream;
  private final Arena host;

  /** The first position of each block, by its place, and the end of the last. */
  private final long[] starts;

  /** The first group of each block, by its place, and the end of the last. */
  private final long[] groups;

  /** How many groups of a block share their item, by its place; they come first. */
  private final int[] together;

  /**
   * Counts.
   *
   * @param host owns what this needs on the way
   */
  GridUpload(RatingGrid grid, Workers workers, Stream stream, Arena host) {
    this.grid = grid;
    this.workers = workers;
    this.stream = stream;
    this.host = host;
    int places = grid.size().users() * grid.size().items();
    starts = new long[places + 1];
    groups = new long[places + 1];
    together = new int[places];
    for (int place = 0; place < places; place++) {
      starts[place + 1] = grid.startOf(place + 1);
      groups[place + 1] = groups[place] + grid.groupsOf(place).length;
    }
  }

  /** Sends ratings and groups; they have arrived when this returns. */
  void send(DeviceBuffer ofRatings, DeviceBuffer ofGroups) {
    long most = mostRatings();
    MemorySegment ratingWords = host.allocate(most * DeviceGrid.BYTES_OF_RATING, Long.BYTES);
    MemorySegment groupWords = host.allocate(most * Long.BYTES, Long.BYTES);
    for (int first = 0; first < together.length; ) {
      int end = endOf(first);
      write(first, end, ratingWords, groupWords);
      copy(ratingWords, starts[first], starts[end], ofRatings, DeviceGrid.BYTES_OF_RATING);
      copy(groupWords, groups[first], groups[end], ofGroups, Long.BYTES);
      stream.synchronize(); // the host's memory is free again
      first = end;
    }
  }

  /** Sends the blocks, round by round, after {@link #send}. */
  void sendBlocks(DeviceBuffer target) {
    RatingGrid.Size size = grid.size();
    MemorySegment words = host.allocate(target.size(), Long.BYTES);
    long at = 0;
    for (int round = 0; round < size.rounds(); round++) {
      for (int number = 0; number < size.blocks(); number++) {
        int place = grid.placeOf(round, number);
        long apart = groups[place + 1] - groups[place] - together[place];
        words.setAtIndex(ValueLayout.JAVA_LONG, at++, groups[place]);
        words.setAtIndex(ValueLayout.JAVA_LONG, at++, starts[place]);
        words.setAtIndex(ValueLayout.JAVA_LONG, at++, apart << Integer.SIZE | together[place]);
        words.setAtIndex(ValueLayout.JAVA_LONG, at++, starts[place + 1] - starts[place]);
      }
    }
    target.copyFrom(words, stream);
    stream.synchronize();
  }

  /** The end of the blocks that travel with one. */
  private int endOf(int first) {
    int end = first + 1;
    while (end < together.length && starts[end + 1] - starts[first] <= MOST_RATINGS) {
      end++;
    }
    return end;
  }

  /** The most that travel together. */
  private long mostRatings() {
    long most = 0;
    for (int first = 0; first < together.length; ) {
      int end = endOf(first);
      most = Math.max(most, starts[end] - starts[first]);
      first = end;
    }
    return most;
  }

  private void copy(MemorySegment from, long first, long end, DeviceBuffer to, long stride) {
    long bytes = (end - first) * stride;
    if (bytes > 0) {
      to.slice(first * stride, bytes).copyFrom(from.asSlice(0, bytes), stream);
    }
  }

  private void write(int first, int end, MemorySegment ratingWords, MemorySegment groupWords) {
    workers.run(
        end - first,
        number -> {
          int place = first + number;
          long rating = starts[place] - starts[first];
          long group = groups[place] - groups[first];
          writeRatings(place, ratingWords.asSlice(rating * DeviceGrid.BYTES_OF_RATING));
          writeGroups(place, groupWords.asSlice(group * Long.BYTES));
        });
  }

  private void writeRatings(int place, MemorySegment words) {
    for (long at = starts[place]; at < starts[place + 1]; at++) {
      long word = (at - starts[place]) * 4;
      words.setAtIndex(ValueLayout.JAVA_INT, word, grid.user(at));
      words.setAtIndex(ValueLayout.JAVA_INT, word + 1, grid.item(at));
      words.setAtIndex(ValueLayout.JAVA_FLOAT, word + 2, grid.value(at));
      words.setAtIndex(ValueLayout.JAVA_FLOAT, word + 3, grid.weight(at));
    }
  }

  private void writeGroups(int place, MemorySegment words) {
    GroupHeads heads = new GroupHeads(grid);
    long at = starts[place];
    long number = 0;
    for (byte size : grid.groupsOf(place)) {
      words.setAtIndex(ValueLayout.JAVA_LONG, number++, heads.next(at, size));
      at += size;
    }
    together[place] = heads.together();
  }
}
