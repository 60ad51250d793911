package io.github.gpumf.model;

import java.util.Objects;

/**
 * Matrix factorization of explicit ratings: the rating that user u gives item i is predicted from
 * the factors p_u and q_i (Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for
 * recommender systems", IEEE Computer 2009). The loss is the squared error.
 *
 * <p>{@link #basic}, {@link #l2} and {@link #biased} are the models as Keras has them; the {@code
 * with} methods mix options into any of them.
 *
 * @param factors length of the factor vectors, k; 1..{@value #MAX_FACTORS}
 * @param head how the dot product becomes a rating
 * @param l2 Keras' L2, lambda: {@code lambda * sum(W^2)} over both whole embedding tables is part
 *     of every batch's loss, so every row shrinks in every step; at least 0
 * @param regularization each rating adds {@code lambda * (|p_u|^2 + |q_i|^2)} to the loss, so a row
 *     is held back in proportion to its ratings, as LIBMF and ALS-WR weigh it; at least 0
 * @param biasRegularization the same for {@code b_u^2 + b_i^2}; at least 0, and 0 with a Dense
 *     head, which has no such biases
 * @param meanOffset whether the mean training rating is added to every prediction, so that the
 *     weights explain only the differences from it
 * @param clip whether predictions are held within the range of the training ratings. It does not
 *     change the training, nor the order of recommendations
 * @param initializer the factors at the start
 */
public record Mf(
    int factors,
    Head head,
    double l2,
    double regularization,
    double biasRegularization,
    boolean meanOffset,
    boolean clip,
    UniformInitializer initializer)
    implements ModelSpec {
  /** The longest factor vector. */
  public static final int MAX_FACTORS = 1024;

  /** How the dot product becomes a rating. */
  public enum Head {
    /**
     * Keras' {@code Dense(1)}: {@code y = w * (p_u . q_i) + b}; w starts glorot-uniform, b at 0.
     */
    DENSE,
    /** A bias for each user and each item: {@code y = p_u . q_i + b_u + b_i}; they start at 0. */
    BIASES
  }

  /** Checks the numbers. */
  public Mf {
    Objects.requireNonNull(head, "head");
    Objects.requireNonNull(initializer, "initializer");
    if (factors < 1 || factors > MAX_FACTORS) {
      throw new IllegalArgumentException(
          "factors must be in 1.." + MAX_FACTORS + ", not " + factors);
    }
    lambda("l2", l2);
    lambda("regularization", regularization);
    lambda("bias regularization", biasRegularization);
    if (head == Head.DENSE && biasRegularization != 0) {
      throw new IllegalArgumentException(
          "bias regularization "
              + biasRegularization
              + " needs user and item biases; use Mf.biased(k), or leave it at 0");
    }
  }

  private static void lambda(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, not " + value);
    }
  }

  /**
   * {@code y = w * (p_u . q_i) + b}.
   *
   * @param factors k
   * @return the model as Keras has it
   */
  public static Mf basic(int factors) {
    return new Mf(factors, Head.DENSE, 0, 0, 0, false, false, UniformInitializer.KERAS);
  }

  /**
   * {@link #basic} with L2 on both embedding tables.
   *
   * @param factors k
   * @param lambda at least 0
   * @return the model as Keras has it
   */
  public static Mf l2(int factors, double lambda) {
    return basic(factors).withL2(lambda);
  }

  /**
   * {@code y = p_u . q_i + b_u + b_i}.
   *
   * @param factors k
   * @return the model as Keras has it
   */
  public static Mf biased(int factors) {
    return new Mf(factors, Head.BIASES, 0, 0, 0, false, false, UniformInitializer.KERAS);
  }

  /**
   * {@link #biased} with {@link #withTunedOptions}: what to start from for accuracy.
   *
   * @param factors k
   * @return the model
   */
  public static Mf tuned(int factors) {
    return biased(factors).withTunedOptions();
  }

  /**
   * The same with the options that do well on MovieLens: a mean offset, regularization per rating,
   * predictions clipped to the range of the ratings, and, with biases, small positive factors to
   * start from. Chosen by measurement, see {@code bench/results/accuracy.md}.
   *
   * @return a copy
   */
  public Mf withTunedOptions() {
    Mf offsetAndClipped = withMeanOffset(true).withClip(true);
    return head == Head.BIASES
        ? offsetAndClipped
            .withRegularization(0.05, 0.01)
            .withInitializer(new UniformInitializer(0, 0.05))
        : offsetAndClipped.withRegularization(0.25, 0);
  }

  /**
   * The same with Keras' L2.
   *
   * @param lambda at least 0
   * @return a copy
   */
  public Mf withL2(double lambda) {
    return new Mf(
        factors, head, lambda, regularization, biasRegularization, meanOffset, clip, initializer);
  }

  /**
   * The same with regularization per rating.
   *
   * @param lambda for factors and, where there are any, biases; at least 0
   * @return a copy
   */
  public Mf withRegularization(double lambda) {
    return withRegularization(lambda, head == Head.BIASES ? lambda : 0);
  }

  /**
   * The same with regularization per rating.
   *
   * @param lambda for factors; at least 0
   * @param biasLambda for biases; at least 0
   * @return a copy
   */
  public Mf withRegularization(double lambda, double biasLambda) {
    return new Mf(factors, head, l2, lambda, biasLambda, meanOffset, clip, initializer);
  }

  /**
   * The same with or without the mean training rating in every prediction.
   *
   * @param value whether to add it
   * @return a copy
   */
  public Mf withMeanOffset(boolean value) {
    return new Mf(factors, head, l2, regularization, biasRegularization, value, clip, initializer);
  }

  /**
   * The same with or without predictions held within the range of the training ratings.
   *
   * @param value whether to hold them
   * @return a copy
   */
  public Mf withClip(boolean value) {
    return new Mf(
        factors, head, l2, regularization, biasRegularization, meanOffset, value, initializer);
  }

  /**
   * The same with other factors to start from.
   *
   * @param value their distribution
   * @return a copy
   */
  public Mf withInitializer(UniformInitializer value) {
    return new Mf(factors, head, l2, regularization, biasRegularization, meanOffset, clip, value);
  }
}
