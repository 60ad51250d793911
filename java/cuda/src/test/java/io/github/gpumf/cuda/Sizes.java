package io.github.gpumf.cuda;

import java.util.List;

/** Awkward sizes that every kernel goes through. */
final class Sizes {
  /** One vector, a part of one, lanes of a warp and one more or less, more than a warp holds. */
  static final List<Integer> FACTORS =
      List.of(1, 2, 3, 5, 7, 16, 31, 32, 33, 64, 100, 128, 200, 513, 1024);

  /** Ratings of a batch. */
  static final List<Integer> BATCHES = List.of(0, 1, 31, 257, 10_000);

  /** Threads of a block: a warp, some warps, many. */
  static final List<Integer> THREADS = List.of(32, 96, 256);

  private Sizes() {}
}
