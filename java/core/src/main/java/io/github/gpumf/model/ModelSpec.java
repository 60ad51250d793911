package io.github.gpumf.model;

/** What to train. A specification holds no numbers that training finds, and knows no backend. */
public sealed interface ModelSpec permits Mf {
  /**
   * The length of a user's and of an item's factor vector, k.
   *
   * @return 1..{@value Mf#MAX_FACTORS}
   */
  int factors();
}
