package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Sorts ratings by their block in a {@link RatingGrid}. Within a block they stay in their order,
 * whoever does the work: spans of the ratings are counted and then copied at the same time, each to
 * where those before it end.
 */
final class BlockSort {
  /** Each that is worked on has a chunk on the heap: with a GPU's blocks 14 to 19 MB. */
  private static final int MOST_SPANS = 8;

  private final Ratings ratings;
  private final RatingGrid.Size size;
  private final Workers workers;
  private final int spans;
  private final Queue<RatingChunk> idle = new ConcurrentLinkedQueue<>();

  final RatingStripes users;
  final RatingStripes items;

  /** The positions of block b are {@code starts[b]} to {@code starts[b + 1] - 1}. */
  final long[] starts;

  /** For each span where its next rating of each block goes. */
  private final long[][] next;

  /** Deals rows into stripes, and counts the ratings of each block. */
  BlockSort(Ratings ratings, RatingGrid.Size size, Workers workers) {
    this.ratings = ratings;
    this.size = size;
    this.workers = workers;
    spans = Math.clamp(ratings.size() / RatingChunk.LEAST, 1, MOST_SPANS);
    int[] ofUser = new int[ratings.userCount()];
    int[] ofItem = new int[ratings.itemCount()];
    forEachChunk(0, ratings.size(), chunk -> chunk.count(ofUser, ofItem));
    RatingStripes[] sides = new RatingStripes[2];
    workers.run(
        2,
        side ->
            sides[side] =
                side == 0
                    ? RatingStripes.deal(ofUser, size.users())
                    : RatingStripes.deal(ofItem, size.items()));
    users = sides[0];
    items = sides[1];
    int blocks = size.users() * size.items();
    next = new long[spans][blocks];
    forEachSpan((span, chunk) -> chunk.countBlocks(users, items, next[span]));
    starts = new long[blocks + 1];
    long position = 0;
    for (int block = 0; block < blocks; block++) {
      starts[block] = position;
      for (long[] ofSpan : next) {
        long count = ofSpan[block];
        ofSpan[block] = position;
        position += count;
      }
    }
    starts[blocks] = position;
  }

  /** Copies the ratings to their places; once. */
  void copyTo(MemorySegment ordered) {
    long stride = RatingGrid.stride(ratings.hasWeights());
    forEachSpan(
        (span, chunk) -> {
          int[] inChunk = chunk.sortByBlock(users, items);
          long[] places = next[span];
          for (int block = 0; block < places.length; block++) {
            int count = inChunk[block + 1] - inChunk[block];
            if (count > 0) {
              MemorySegment.copy(
                  chunk.sorted,
                  inChunk[block] * stride,
                  ordered,
                  places[block] * stride,
                  count * stride);
              places[block] += count;
            }
          }
        });
  }

  /** Is given the chunks of a span, one after the other. */
  @FunctionalInterface
  private interface Task {
    void accept(int span, RatingChunk chunk);
  }

  private void forEachSpan(Task task) {
    workers.run(
        spans,
        span -> forEachChunk(start(span), start(span + 1), chunk -> task.accept(span, chunk)));
  }

  private long start(int span) {
    return ratings.size() / spans * span + Math.min(span, ratings.size() % spans);
  }

  private void forEachChunk(long from, long to, Consumer<RatingChunk> task) {
    RatingChunk chunk =
        Objects.requireNonNullElseGet(idle.poll(), () -> new RatingChunk(ratings, size));
    for (long start = from; start < to; start += chunk.size) {
      chunk.read(start, to);
      task.accept(chunk);
    }
    idle.add(chunk);
  }
}
