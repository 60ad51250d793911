package io.github.gpumf.backend.scalar;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.model.MfModel;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Scores every item and sorts them all. */
final class ScalarScorer implements Scorer {
  private final MfModel model;
  private volatile boolean closed;

  ScalarScorer(MfModel model) {
    this.model = model;
  }

  @Override
  public float[] score(int[] users, int[] items) {
    checkOpen();
    if (users.length != items.length) {
      throw new IllegalArgumentException(
          users.length + " users and " + items.length + " items are not pairs");
    }
    float[] scores = new float[users.length];
    for (int at = 0; at < users.length; at++) {
      scores[at] = score(users[at], items[at]);
    }
    return scores;
  }

  private float score(int user, int item) {
    return model.weights().score(user, item) + model.offset();
  }

  @Override
  public TopItems[] topItems(int[] users, int count, Exclusions exclusions) {
    checkOpen();
    checkCount(count);
    TopItems[] answers = new TopItems[users.length];
    for (int at = 0; at < users.length; at++) {
      int user = users[at];
      answers[at] =
          best(count, exclusions.of(user, model.items().size()), item -> score(user, item));
    }
    return answers;
  }

  @Override
  public TopItems similarItems(int item, int count) {
    checkOpen();
    checkCount(count);
    return best(
        count, new int[] {item}, other -> model.weights().itemFactors().cosine(item, other));
  }

  private TopItems best(int count, int[] excluded, IntToDoubleFunction score) {
    float[] scores = new float[model.items().size()];
    for (int item = 0; item < scores.length; item++) {
      scores[item] = (float) score.applyAsDouble(item);
    }
    int[] items =
        IntStream.range(0, scores.length)
            .filter(item -> Arrays.binarySearch(excluded, item) < 0)
            .boxed()
            .sorted((a, b) -> Float.compare(scores[b], scores[a])) // stable: ties by index
            .limit(count)
            .mapToInt(Integer::intValue)
            .toArray();
    float[] best = new float[items.length];
    for (int at = 0; at < items.length; at++) {
      best[at] = scores[items[at]];
    }
    return new TopItems(items, best);
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
