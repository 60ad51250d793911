package io.github.gpumf.optim;

/** How often weights move. */
public enum Updates {
  /**
   * Once a batch, along the gradient of the batch's mean loss, as Keras does: all errors of a batch
   * are those of the weights before it.
   */
  PER_BATCH,

  /**
   * Once a rating, as if each were a batch of its own (S. Funk, "Netflix update: try this at home",
   * 2006; Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender
   * systems", IEEE Computer 2009). Nothing but the two rows of the rating is read and written, so
   * this is the fastest way through the ratings. They are visited in blocks that share no rows, so
   * that the result does not depend on the number of threads; {@code RatingGrid} says in which
   * order. A GPU works on more blocks than a processor, so its order is another.
   *
   * <p>On a GPU some ratings of an item go together, eight at a time: all are predicted from the
   * rows before them, then the item's row and bias have one update, along the sum of the eight
   * gradients, and so have the optimizer's numbers of the item, but for AdaGrad's: they grow by the
   * squares of the gradients, one by one. Each user's have one update for a rating.
   *
   * <p>For models with biases, without Keras' L2, and for Sgd, AdaGrad and LazyAdam: a Dense head's
   * numbers, Keras' L2 and Adam's momentum would have to move with every rating.
   */
  PER_RATING
}
