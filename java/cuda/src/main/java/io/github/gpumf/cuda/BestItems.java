package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.Scorer.TopItems;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The best of rows of scores ({@code top_items.cu}): a row a query, an item a column.
 *
 * @param kernels of the device
 * @param itemCount columns
 */
record BestItems(Kernels kernels, int itemCount) {
  /** The most that {@code select_items} sorts. */
  static final int MOST_SELECTED = 1024;

  /** The bits in place of a score where an item is left out: a NaN that no score is. */
  static final int EXCLUDED = -1;

  /**
   * What a kernel selects for rows of scores.
   *
   * @param n items of a row at most
   * @param items n a row
   * @param scores of these
   * @param found how many; less than 0 where there is no answer
   */
  record Selection(int n, DeviceBuffer items, DeviceBuffer scores, DeviceBuffer found) {
    static Selection allocate(int rows, int n, DeviceArena arena) {
      return new Selection(
          n, arena.ints((long) rows * n), arena.floats((long) rows * n), arena.ints(rows));
    }

    /** Null for a row without an answer. */
    @Nullable TopItems[] download(QueryScratch scratch) {
      int[] counts = scratch.ints(found);
      int[] allItems = scratch.ints(items);
      float[] allScores = scratch.floats(scores);
      @Nullable TopItems[] answers = new TopItems[counts.length];
      for (int row = 0; row < counts.length; row++) {
        int from = row * n;
        if (counts[row] >= 0) {
          answers[row] =
              new TopItems(
                  Arrays.copyOfRange(allItems, from, from + counts[row]),
                  Arrays.copyOfRange(allScores, from, from + counts[row]));
        }
      }
      return answers;
    }
  }

  /** Takes items out of the running. */
  void exclude(int[] rows, Exclusions exclusions, DeviceBuffer scores, QueryScratch scratch) {
    long[] offsets = new long[rows.length + 1];
    int[][] excluded = new int[rows.length][];
    for (int row = 0; row < rows.length; row++) {
      excluded[row] = exclusions.of(rows[row], itemCount);
      offsets[row + 1] = offsets[row] + excluded[row].length;
    }
    if (offsets[rows.length] == 0) {
      return;
    }
    int[] all = new int[Math.toIntExact(offsets[rows.length])];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(excluded[row], 0, all, (int) offsets[row], excluded[row].length);
    }
    kernels
        .kernel(CudaScorer.FILE, "exclude_items")
        .call(scratch.upload(offsets), scratch.upload(all), itemCount, scores)
        .launch(scratch.stream(), LaunchShape.of(rows.length, Launches.THREADS));
  }

  /** The {@code count} best of each row, or all. */
  TopItems[] select(int rows, int count, DeviceBuffer scores, QueryScratch scratch) {
    int n = Math.min(count, itemCount);
    if (n > MOST_SELECTED) {
      return sortOnHost(rows, n, scores, scratch);
    }
    Selection selection = Selection.allocate(rows, n, scratch.device());
    kernels
        .kernel(CudaScorer.FILE, "select_items")
        .call(scores, itemCount, n, selection.items, selection.scores, selection.found)
        .launch(scratch.stream(), LaunchShape.of(rows, Launches.THREADS));
    return selection.download(scratch);
  }

  /** Lists longer than anyone reads: rare enough for plain Java. */
  private TopItems[] sortOnHost(int rows, int n, DeviceBuffer scores, QueryScratch scratch) {
    TopItems[] answers = new TopItems[rows];
    for (int row = 0; row < rows; row++) {
      float[] ofRow = scratch.floats(scores, (long) row * itemCount, itemCount);
      int[] items =
          IntStream.range(0, itemCount)
              .filter(item -> Float.floatToRawIntBits(ofRow[item]) != EXCLUDED)
              .boxed()
              .sorted((a, b) -> Float.compare(ofRow[b], ofRow[a])) // stable: ties by item
              .limit(n)
              .mapToInt(Integer::intValue)
              .toArray();
      float[] best = new float[items.length];
      for (int at = 0; at < items.length; at++) {
        best[at] = ofRow[items[at]];
      }
      answers[row] = new TopItems(items, best);
    }
    return answers;
  }
}
