package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Scores all items for a tile of users, a block of items at a time: the block stays in the
 * second-level cache while the tile's users pass over it, and each user keeps the best in a {@link
 * TopHeap}. Four users pass together, so that an item's row is loaded once for them; a user alone
 * takes four items at a time. A score is the same sum in the same order in every kind of query, so
 * a user's answer does not depend on who else is asked for, nor on threads.
 *
 * <p>The items are copied once, into padded rows; the users stay where they are, in memory or in a
 * mapped file. A score reads an item's row: k floats, 4 k bytes, for 2 k operations.
 *
 * <p>The copy is freed when nothing refers to the scorer any more, not when it is closed, so a
 * query that is under way may end after that.
 */
final class VectorScorer implements Scorer {
  /** Users that share a pass over a block. */
  private static final int TILE = 16;

  /** Bytes of a block: a good half of a small second-level cache. */
  private static final int BLOCK_BYTES = 128 * 1024;

  /** Operations from which a second thread pays: about a millisecond on one. */
  private static final long PARALLEL_WORK = 20_000_000;

  private final MfModel model;
  private final int threads;
  private final PaddedTable items;

  /** 0 where there are none. */
  private final float[] itemBias;

  private final float slope;
  private final float offset;
  private final int blockItems;
  private final DotKernel kernel;

  /** Squares of a length beyond which dot products of floats may overflow or lose bits. */
  private static final double LARGEST_SQUARE = 1e30;

  /** The same at the other end. */
  private static final double SMALLEST_SQUARE = 1e-30;

  /**
   * 1 / length of each item's row, 0 for a row of zeros, and NaN for one that is too short or too
   * long for floats; made by the first who needs it.
   */
  private volatile float @Nullable [] inverseLengths;

  private volatile boolean closed;

  VectorScorer(MfModel model, int threads) {
    this.model = model;
    this.threads = threads;
    Arena arena = Arena.ofAuto();
    Weights weights = model.weights();
    FloatTable factors = weights.itemFactors();
    items = PaddedTable.ofRows(factors.rows(), factors.columns(), arena);
    items.copyFrom(factors);
    itemBias = new float[Math.toIntExact(factors.rows())];
    FloatTable bias = weights.itemBias();
    for (int item = 0; bias != null && item < itemBias.length; item++) {
      itemBias[item] = bias.get(item, 0);
    }
    slope = weights.dense() == null ? 1 : weights.dense().get(0, 0);
    offset = model.offset() + (weights.dense() == null ? 0 : weights.dense().get(0, 1));
    blockItems = Math.max(DotKernel.FOUR, BLOCK_BYTES / items.rowBytes());
    kernel = DotKernel.ofRows(items.rowBytes());
  }

  /** Rows of some users, padded for the kernels, and what their scores have in common. */
  private final class Tile implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final int[] users;
    private final PaddedTable rows;
    private final float[] offsets;

    Tile(int[] users) {
      this.users = users;
      FloatTable factors = model.weights().userFactors();
      // Users that make up four have rows of zeros.
      int fours = Math.ceilDiv(users.length, DotKernel.FOUR);
      rows = PaddedTable.ofRows((long) fours * DotKernel.FOUR, factors.columns(), arena);
      offsets = new float[users.length];
      FloatTable bias = model.weights().userBias();
      for (int at = 0; at < users.length; at++) {
        rows.copyRow(at, factors, users[at]);
        offsets[at] = offset + (bias == null ? 0 : bias.get(users[at], 0));
      }
    }

    float score(int at, int item) {
      float dot = Rows.dot(rows.row(at), items.row(item), items.rowBytes());
      return slope * dot + offsets[at] + itemBias[item];
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  @Override
  public float[] score(int[] users, int[] itemIndices) {
    checkOpen();
    if (users.length != itemIndices.length) {
      throw new IllegalArgumentException(
          users.length + " users and " + itemIndices.length + " items are not pairs");
    }
    float[] scores = new float[users.length];
    try {
      for (int from = 0; from < users.length; from += TILE) {
        try (Tile tile = tile(users, from)) {
          for (int at = 0; at < tile.users.length; at++) {
            int item = Objects.checkIndex(itemIndices[from + at], (int) items.rows());
            scores[from + at] = tile.score(at, item);
          }
        }
      }
      return scores;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public TopItems[] topItems(int[] users, int count, Exclusions exclusions) {
    checkOpen();
    checkCount(count);
    TopItems[] answers = new TopItems[users.length];
    int tiles = (users.length + TILE - 1) / TILE;
    IntStream each = IntStream.range(0, tiles);
    long work = 2L * users.length * items.rows() * items.columns();
    if (threads > 1 && work >= PARALLEL_WORK) {
      each = each.parallel();
    }
    try {
      each.forEach(
          index -> {
            try (Tile tile = tile(users, index * TILE)) {
              TopItems[] best = topItems(tile, count, exclusions);
              System.arraycopy(best, 0, answers, index * TILE, best.length);
            }
          });
      return answers;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private Tile tile(int[] users, int from) {
    return new Tile(Arrays.copyOfRange(users, from, Math.min(users.length, from + TILE)));
  }

  private TopItems[] topItems(Tile tile, int count, Exclusions exclusions) {
    int itemCount = (int) items.rows();
    Search[] searches = new Search[tile.users.length];
    for (int at = 0; at < searches.length; at++) {
      searches[at] =
          new Search(
              tile.offsets[at],
              new TopHeap(Math.min(count, itemCount)),
              exclusions.of(tile.users[at], itemCount));
    }
    float[] dots = new float[DotKernel.FOUR * Math.min(blockItems, itemCount)];
    for (int from = 0; from < itemCount; from += blockItems) {
      int to = Math.min(itemCount, from + blockItems);
      if (searches.length == 1) {
        dotsOfOne(tile.rows.row(0), from, to, dots);
        searches[0].offer(from, to, dots, 0, 1);
        continue;
      }
      for (int first = 0; first < searches.length; first += DotKernel.FOUR) {
        kernel.run(items.row(from), items.rowBytes(), tile.rows.row(first), 0, to - from, dots);
        int end = Math.min(searches.length, first + DotKernel.FOUR);
        for (int at = first; at < end; at++) {
          searches[at].offer(from, to, dots, at - first, DotKernel.FOUR);
        }
      }
    }
    return Arrays.stream(searches).map(search -> search.best.drain()).toArray(TopItems[]::new);
  }

  /** The dot products of a row with some items. */
  private void dotsOfOne(long row, int from, int to, float[] dots) {
    int fours = (to - from) / DotKernel.FOUR;
    kernel.run(row, 0, items.row(from), (long) DotKernel.FOUR * items.rowBytes(), fours, dots);
    for (int item = from + DotKernel.FOUR * fours; item < to; item++) {
      dots[item - from] = Rows.dot(row, items.row(item), items.rowBytes());
    }
  }

  /** What a user has found so far. */
  private final class Search {
    private final float userOffset;
    private final TopHeap best;

    /** Ascending. */
    private final int[] excluded;

    private int nextExcluded;

    Search(float userOffset, TopHeap best, int[] excluded) {
      this.userOffset = userOffset;
      this.best = best;
      this.excluded = excluded;
    }

    /** Takes items whose dot products stand so far apart, from the first one's on. */
    void offer(int from, int to, float[] dots, int first, int apart) {
      float[] biases = itemBias;
      float factor = slope;
      float rest = userOffset;
      int leftOut = nextExcluded < excluded.length ? excluded[nextExcluded] : to;
      float worst = best.worst();
      int at = first;
      for (int item = from; item < to; item++) {
        if (item == leftOut) {
          nextExcluded++;
          leftOut = nextExcluded < excluded.length ? excluded[nextExcluded] : to;
        } else {
          float score = factor * dots[at] + rest + biases[item];
          if (!(score <= worst)) {
            best.offer(item, score);
            worst = best.worst();
          }
        }
        at += apart;
      }
    }
  }

  @Override
  public TopItems similarItems(int item, int count) {
    checkOpen();
    checkCount(count);
    int itemCount = (int) items.rows();
    long row = items.row(Objects.checkIndex(item, itemCount));
    TopHeap best = new TopHeap(Math.min(count, itemCount));
    float[] dots = new float[Math.min(blockItems, itemCount)];
    FloatTable factors = model.weights().itemFactors();
    try {
      float[] inverse = inverseLengths();
      for (int from = 0; from < itemCount; from += blockItems) {
        int to = Math.min(itemCount, from + blockItems);
        dotsOfOne(row, from, to, dots);
        for (int other = from; other < to; other++) {
          if (other != item) {
            float cosine = dots[other - from] * inverse[item] * inverse[other];
            best.offer(other, Float.isNaN(cosine) ? factors.cosine(item, other) : cosine);
          }
        }
      }
      return best.drain();
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private float[] inverseLengths() {
    float[] made = inverseLengths;
    if (made == null) {
      made = new float[(int) items.rows()];
      for (int item = 0; item < made.length; item++) {
        float squares = Rows.dot(items.row(item), items.row(item), items.rowBytes());
        made[item] =
            squares > SMALLEST_SQUARE && squares < LARGEST_SQUARE
                ? (float) (1 / Math.sqrt(squares))
                : isZero(item) ? 0 : Float.NaN;
      }
      inverseLengths = made;
    }
    return made;
  }

  private boolean isZero(int item) {
    FloatTable factors = model.weights().itemFactors();
    for (int factor = 0; factor < factors.columns(); factor++) {
      if (factors.get(item, factor) != 0) {
        return false;
      }
    }
    return true;
  }

  private static void checkCount(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, not " + count);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the scorer is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
