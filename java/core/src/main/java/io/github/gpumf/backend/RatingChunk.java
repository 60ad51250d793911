package io.github.gpumf.backend;

import io.github.gpumf.data.Ratings;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Some ratings on the Java heap: plain loops over arrays are soon fast, loops over segments only
 * when they have been compiled well, and a whole training may be over in half a second.
 */
final class RatingChunk {
  /** The fewest ratings that one has room for. */
  static final int LEAST = 1 << 16;

  /** Every chunk goes over all blocks: there must be some ratings for each. */
  private static final int RATINGS_OF_BLOCK = 4;

  private final Ratings ratings;
  private final int[] users;
  private final int[] items;
  private final int[] values;
  private final int @Nullable [] weights;
  private final int[] words;

  /** How many there are. */
  int size;

  /** The ratings by block, in the bytes of the grid. */
  final MemorySegment sorted;

  RatingChunk(Ratings ratings, RatingGrid.Size grid) {
    this.ratings = ratings;
    long most = Math.max(LEAST, (long) RATINGS_OF_BLOCK * grid.users() * grid.items());
    size = (int) Math.min(most, ratings.size());
    users = new int[size];
    items = new int[size];
    values = new int[size];
    weights = ratings.hasWeights() ? new int[size] : null;
    words = new int[size * (weights == null ? 3 : 4)];
    sorted = MemorySegment.ofArray(words);
  }

  /** Reads ratings from a position on, as many as there is room for, and not beyond an end. */
  void read(long start, long end) {
    size = (int) Math.min(users.length, end - start);
    read(ratings.userColumn(), start, users);
    read(ratings.itemColumn(), start, items);
    read(ratings.valueColumn(), start, values);
    if (weights != null) {
      read(Objects.requireNonNull(ratings.weightColumn()), start, weights);
    }
  }

  private void read(MemorySegment column, long start, int[] to) {
    MemorySegment.copy(column, RatingGrid.WORD, start * Integer.BYTES, to, 0, size);
  }

  void count(int[] ofUser, int[] ofItem) {
    for (int at = 0; at < size; at++) {
      ofUser[users[at]]++;
      ofItem[items[at]]++;
    }
  }

  /** Adds to {@code counts[b]} the ratings of block b. */
  void countBlocks(RatingStripes ofUsers, RatingStripes ofItems, long[] counts) {
    int itemStripes = ofItems.first.length - 1;
    for (int at = 0; at < size; at++) {
      counts[ofUsers.of[users[at]] * itemStripes + ofItems.of[items[at]]]++;
    }
  }

  /** Sorts by block, rows by their new numbers; returns where each block starts and the end. */
  int[] sortByBlock(RatingStripes ofUsers, RatingStripes ofItems) {
    int itemStripes = ofItems.first.length - 1;
    int[] starts = new int[(ofUsers.first.length - 1) * itemStripes + 1];
    for (int at = 0; at < size; at++) {
      starts[ofUsers.of[users[at]] * itemStripes + ofItems.of[items[at]] + 1]++;
    }
    for (int block = 1; block < starts.length; block++) {
      starts[block] += starts[block - 1];
    }
    int[] next = starts.clone();
    for (int at = 0; at < size; at++) {
      int user = users[at];
      int item = items[at];
      int word = next[ofUsers.of[user] * itemStripes + ofItems.of[item]]++;
      word *= weights == null ? 3 : 4;
      words[word] = ofUsers.numberOfRow[user];
      words[word + 1] = ofItems.numberOfRow[item];
      words[word + 2] = values[at];
      if (weights != null) {
        words[word + 3] = weights[at];
      }
    }
    return starts;
  }
}
