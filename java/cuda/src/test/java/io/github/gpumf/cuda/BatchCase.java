package io.github.gpumf.cuda;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model and a batch of ratings, and what the formulas say of them, in double: the oracle of the
 * kernels of a batch. The loss is {@code sum(a e^2) / n}; the gradients are those in the Javadoc of
 * the scalar backend's session.
 */
final class BatchCase {
  static final int USERS = 57;
  static final int ITEMS = 41;
  static final float OFFSET = 0.25f;
  static final float REGULARIZATION = 0.3f;
  static final float BIAS_REGULARIZATION = 0.2f;

  final int k;
  final boolean dense;
  final int size;
  final float[] userFactors;
  final float[] itemFactors;
  final float[] userBias;
  final float[] itemBias;

  /** The kernel and the bias of a Dense head. */
  final float[] head = {0.8f, -0.3f, 0, 0};

  final int[] users;
  final int[] items;
  final float[] values;
  final float @Nullable [] weights;

  /** 2 / n. */
  final float scale;

  BatchCase(int k, int size, boolean dense, boolean weighted) {
    this(k, size, dense, weighted, null);
  }

  /**
   * A batch in which items 0, 1 and so on have so many ratings, one behind the other when sorted.
   */
  static BatchCase withItems(int k, boolean dense, int... counts) {
    int[] items =
        IntStream.range(0, counts.length)
            .flatMap(item -> IntStream.generate(() -> item).limit(counts[item]))
            .toArray();
    // In an order that keeps no two of them together: 7,919 is a prime.
    int[] mixed =
        IntStream.range(0, items.length)
            .map(at -> items[(int) (at * 7919L % items.length)])
            .toArray();
    return new BatchCase(k, items.length, dense, true, mixed);
  }

  private BatchCase(int k, int size, boolean dense, boolean weighted, int @Nullable [] items) {
    this.k = k;
    this.dense = dense;
    this.size = size;
    Draws draws = new Draws(1000L * k + size);
    float reach = (float) (1.5 / Math.sqrt(k)); // dot products of about 1
    userFactors = draws.floats(USERS * k, -reach, reach);
    itemFactors = draws.floats(ITEMS * k, -reach, reach);
    userBias = draws.floats(USERS, -0.5f, 0.5f);
    itemBias = draws.floats(ITEMS, -0.5f, 0.5f);
    users = draws.rows(size, USERS);
    this.items = items == null ? draws.rows(size, ITEMS) : items;
    values = draws.floats(size, -2, 2);
    weights = weighted ? draws.floats(size, 0.5f, 2) : null;
    scale = 2f / Math.max(1, size);
  }

  double dot(int at) {
    double dot = 0;
    for (int factor = 0; factor < k; factor++) {
      dot += (double) userFactors[users[at] * k + factor] * itemFactors[items[at] * k + factor];
    }
    return dot;
  }

  double prediction(int at) {
    return dense
        ? head[0] * dot(at) + head[1] + OFFSET
        : dot(at) + userBias[users[at]] + itemBias[items[at]] + OFFSET;
  }

  double error(int at) {
    return prediction(at) - values[at];
  }

  private double weight(int at) {
    return weights == null ? 1 : weights[at];
  }

  double slope(int at) {
    return scale * weight(at) * error(at);
  }

  double squaredError() {
    double sum = 0;
    for (int at = 0; at < size; at++) {
      sum += weight(at) * error(at) * error(at);
    }
    return sum;
  }

  /** The gradient {dw, db} of a Dense head. */
  double[] headGradient() {
    double kernel = 0;
    double bias = 0;
    for (int at = 0; at < size; at++) {
      kernel += slope(at) * dot(at);
      bias += slope(at);
    }
    return new double[] {kernel, bias};
  }

  /** The gradient of one side's rows, with regularization per rating. */
  double[] gradient(boolean ofUsers) {
    float[] own = ofUsers ? userFactors : itemFactors;
    float[] other = ofUsers ? itemFactors : userFactors;
    int[] rows = ofUsers ? users : items;
    int[] otherRows = ofUsers ? items : users;
    double[] gradient = new double[own.length];
    double kernel = dense ? head[0] : 1;
    for (int at = 0; at < size; at++) {
      double slope = slope(at);
      for (int factor = 0; factor < k; factor++) {
        gradient[rows[at] * k + factor] +=
            slope * kernel * other[otherRows[at] * k + factor]
                + (double) REGULARIZATION * scale * own[rows[at] * k + factor];
      }
    }
    return gradient;
  }

  double[] biasGradient(boolean ofUsers) {
    float[] bias = ofUsers ? userBias : itemBias;
    int[] rows = ofUsers ? users : items;
    double[] gradient = new double[bias.length];
    for (int at = 0; at < size; at++) {
      gradient[rows[at]] += slope(at) + (double) BIAS_REGULARIZATION * scale * bias[rows[at]];
    }
    return gradient;
  }

  @Override
  public String toString() {
    return "k = " + k + ", " + size + " ratings, " + (dense ? "Dense head" : "biases");
  }
}
