package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;

/**
 * A scorer whose failures are those of the seam.
 *
 * @param scorer that does the work
 * @param failures of its device
 */
record GuardedScorer(Scorer scorer, DeviceFailures failures) implements Scorer {
  @Override
  public float[] score(int[] users, int[] items) {
    return failures.guard(() -> scorer.score(users, items));
  }

  @Override
  public TopItems[] topItems(int[] users, int count, Exclusions exclusions) {
    return failures.guard(() -> scorer.topItems(users, count, exclusions));
  }

  @Override
  public TopItems similarItems(int item, int count) {
    return failures.guard(() -> scorer.similarItems(item, count));
  }

  @Override
  public void close() {
    failures.guard(
        () -> {
          scorer.close();
          return true;
        });
  }
}
