package io.github.gpumf.bench.peers;

import java.util.List;

/**
 * How much of everything a run measures.
 *
 * @param rounds that count, after the warm-up
 * @param factors each k that the backends are timed with
 * @param shapes of the synthetic ratings that sizes are compared on
 * @param qualityEpochs of each contestant for accuracy; GpuMf's defaults have epochs of their own
 * @param alsTurns of Spark, each of more iterations than the last
 * @param whole how often the way from file to model is gone
 */
record Extent(
    int rounds,
    List<Integer> factors,
    List<Shape> shapes,
    int qualityEpochs,
    int alsTurns,
    int whole) {

  /**
   * The shape of a rating set.
   *
   * @param users rows
   * @param items columns
   * @param ratings all of them, held-out ones included
   */
  record Shape(int users, int items, long ratings) {
    /** Of MovieLens 1M. */
    static final Shape MOVIELENS_1M = new Shape(6_040, 3_706, 1_000_209);
  }

  private static final Shape SMALL_SHAPE = new Shape(943, 1_682, 100_000);
  private static final Shape TEN_MILLION = new Shape(69_878, 10_677, 10_000_000);
  private static final Shape TWENTY_MILLION = new Shape(138_000, 27_000, 20_000_000);
  private static final Shape HUNDRED_MILLION = new Shape(480_189, 17_770, 100_000_000);

  /** Two minutes. */
  static final Extent SMALL =
      new Extent(2, List.of(16, 64), List.of(SMALL_SHAPE, Shape.MOVIELENS_1M), 6, 2, 1);

  /** Eight minutes. */
  static final Extent USUAL =
      new Extent(
          5,
          List.of(16, 32, 64, 128),
          List.of(SMALL_SHAPE, Shape.MOVIELENS_1M, TEN_MILLION),
          10,
          4,
          3);

  /** With up to 1e8 ratings. */
  static final Extent LONG =
      new Extent(
          USUAL.rounds,
          USUAL.factors,
          List.of(SMALL_SHAPE, Shape.MOVIELENS_1M, TEN_MILLION, TWENTY_MILLION, HUNDRED_MILLION),
          USUAL.qualityEpochs,
          USUAL.alsTurns,
          USUAL.whole);
}
