package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Scorer.TopItems;

/**
 * The best of many scored items: a binary heap with the worst of them on top, so that an item that
 * is not among the best costs one comparison. Of equal scores the lower item is the better one.
 *
 * <p>Items must be offered in ascending order.
 */
final class TopHeap {
  private final int[] items;
  private final float[] scores;
  private int size;

  TopHeap(int capacity) {
    items = new int[capacity];
    scores = new float[capacity];
  }

  /** Takes the item if it is among the best so far. */
  void offer(int item, float score) {
    if (size < items.length) {
      int at = size++;
      while (at > 0 && isWorse(item, score, (at - 1) / 2)) {
        move((at - 1) / 2, at);
        at = (at - 1) / 2;
      }
      set(at, item, score);
    } else if (score > scores[0]) {
      // An equal score comes from a higher item, which is worse.
      sink(item, score);
    }
  }

  /**
   * The score that others must be above to be taken; NaN, which none is below, until it is full.
   */
  float worst() {
    return size < scores.length ? Float.NaN : scores[0];
  }

  /** Replaces the worst and restores the order. */
  private void sink(int item, float score) {
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isWorse(items[child + 1], scores[child + 1], child)) {
        child++;
      }
      if (isWorse(item, score, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    set(at, item, score);
  }

  private boolean isWorse(int item, float score, int than) {
    return score < scores[than] || (score == scores[than] && item > items[than]);
  }

  private void move(int from, int to) {
    set(to, items[from], scores[from]);
  }

  private void set(int at, int item, float score) {
    items[at] = item;
    scores[at] = score;
  }

  /** Empties the heap; the best come first. */
  TopItems drain() {
    int count = size;
    int[] bestItems = new int[count];
    float[] bestScores = new float[count];
    for (int at = count - 1; at >= 0; at--) {
      bestItems[at] = items[0];
      bestScores[at] = scores[0];
      size--;
      sink(items[size], scores[size]);
    }
    return new TopItems(bestItems, bestScores);
  }
}
