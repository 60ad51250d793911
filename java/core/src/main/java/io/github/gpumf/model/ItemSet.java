package io.github.gpumf.model;

/**
 * Items of one user at a time: each once, and ascending when they are taken. A bit for each item,
 * and one above for each word of these, so that to find the few of a user among a million takes no
 * look at all of them.
 */
final class ItemSet {
  private final long[] words;

  /** A bit for each word that is not 0. */
  private final long[] summary;

  /** An empty set of items below a number. */
  ItemSet(int items) {
    words = new long[Math.ceilDiv(items, Long.SIZE)];
    summary = new long[Math.ceilDiv(words.length, Long.SIZE)];
  }

  void add(int item) {
    int word = item / Long.SIZE;
    words[word] |= 1L << item;
    summary[word / Long.SIZE] |= 1L << word;
  }

  /** Moves all items to an array, from an index on; returns the index after the last. */
  int drainTo(int[] array, int from) {
    int at = from;
    for (int above = 0; above < summary.length; above++) {
      for (long left = summary[above]; left != 0; left &= left - 1) {
        int word = above * Long.SIZE + Long.numberOfTrailingZeros(left);
        for (long bits = words[word]; bits != 0; bits &= bits - 1) {
          array[at++] = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        }
        words[word] = 0;
      }
      summary[above] = 0;
    }
    return at;
  }
}
