package io.github.gpumf.check;

import java.util.List;

/**
 * How large the data are that a check measures with.
 *
 * @param copyBytes lengths of copies
 * @param shapes users and items of tables that kernels go over
 * @param factors k of those
 * @param wideFactors k of the kernels that are for large ones
 * @param positions ratings of a window of batches; several times what an L2 holds
 * @param batchSizes of the kernels of a batch
 * @param smallBatchSize of the kernels that do a batch in one block
 * @param mostListed users whose scores are computed together
 * @param samples of a time, of which the median counts
 * @param repetitions of a launch within a sample
 * @param epochs ratings of the epochs that are timed, smallest first
 * @param sweep ratings of the epochs that are timed for each batch size
 * @param sweptBatchSizes those batch sizes
 * @param perRating ratings of the epochs with an update a rating
 * @param perRatingFactors k of those: one for each way to keep rows in registers, and one too long
 *     for it
 * @param largeBatchSizes of the epochs that have those ratings and an update a batch
 * @param epochFactors k of the epochs
 * @param moreFactors another k, with which an update a rating and PyTorch are compared
 * @param batchSize of the epochs
 * @param served the model that lists are asked of
 * @param servedUsers that are asked for, together
 */
record Sizes(
    List<Long> copyBytes,
    List<Shape> shapes,
    List<Integer> factors,
    List<Integer> wideFactors,
    int positions,
    List<Integer> batchSizes,
    int smallBatchSize,
    int mostListed,
    int samples,
    int repetitions,
    List<Shape> epochs,
    Shape sweep,
    List<Integer> sweptBatchSizes,
    Shape perRating,
    List<Integer> perRatingFactors,
    List<Integer> largeBatchSizes,
    int epochFactors,
    int moreFactors,
    int batchSize,
    Shape served,
    int servedUsers) {

  /**
   * A set of ratings.
   *
   * @param name of it
   * @param users of it
   * @param items of it
   * @param ratings of it
   */
  record Shape(String name, int users, int items, long ratings) {
    @Override
    public String toString() {
      return String.format(
          java.util.Locale.ROOT, "%s: %,d x %,d, %,d ratings", name, users, items, ratings);
    }
  }

  /** Two, four and eight vectors a lane. */
  private static final List<Integer> WIDE = List.of(256, 512, 1_024);

  private static final Shape ML_100K = new Shape("as ml-100k", 943, 1_682, 100_000);
  private static final Shape ML_1M = new Shape("as ml-1m", 6_040, 3_706, 1_000_000);
  private static final Shape ML_10M = new Shape("as ml-10m", 70_000, 10_700, 10_000_000);
  private static final Shape ML_25M = new Shape("as ml-25m", 162_000, 59_000, 25_000_000);
  private static final Shape NETFLIX = new Shape("as Netflix", 480_000, 17_800, 100_000_000);
  private static final Shape LARGE = new Shape("large tables", 1_000_000, 300_000, 0);

  /** For a GPU: most of it larger than its L2. */
  static Sizes full() {
    return new Sizes(
        List.of(1L << 20, 1L << 24, 1L << 28, 1L << 30, 1L << 32),
        List.of(ML_25M, LARGE),
        List.of(64, 128),
        WIDE,
        1 << 22,
        List.of(1_024, 8_192, 1 << 20),
        32,
        4_096,
        7,
        20,
        List.of(ML_100K, ML_1M, ML_10M, ML_25M, NETFLIX),
        ML_1M,
        List.of(32, 128, 512, 2_048, 8_192, 32_768, 131_072, 1_000_000),
        ML_25M,
        List.of(64, 128, 256),
        List.of(131_072, 1 << 20),
        64,
        128,
        8_192,
        ML_25M,
        10_000);
  }

  /** For the stand-in driver, which is some thousand times slower: shows that all of it works. */
  static Sizes small() {
    Shape tiny = new Shape("tiny", 60, 40, 2_000);
    return new Sizes(
        List.of(1L << 12, 1L << 16),
        List.of(tiny),
        List.of(5, 64),
        List.of(128, 256, 512, 1_024),
        1_024,
        List.of(256),
        32,
        64,
        3,
        1,
        List.of(tiny, new Shape("small", 200, 150, 8_000)),
        tiny,
        List.of(32, 512, 2_000),
        tiny,
        List.of(16, 100, 300),
        List.of(1_000, 2_000),
        16,
        100,
        512,
        new Shape("small", 200, 150, 0),
        100);
  }
}
