package io.github.gpumf.bench.peers;

/**
 * Bytes that every way of training has to hold: the ratings, the factors and biases of users and
 * items, and what the optimizer remembers of them. A rating is two indices and a value, and all
 * numbers have 32 bits.
 */
final class NeededMemory {
  private static final long RATING = 12;

  private NeededMemory() {}

  /** What an optimizer remembers. */
  enum State {
    /** Nothing, as Sgd. */
    NONE {
      @Override
      long numbers(long weights) {
        return 0;
      }
    },

    /** The one accumulator of AdaGrad that a row shares; a bias is a row of its own. */
    ONE_A_ROW {
      @Override
      long numbers(long weights) {
        return 1;
      }
    },

    /** AdaGrad's accumulators, where every weight has its own. */
    ONE_A_WEIGHT {
      @Override
      long numbers(long weights) {
        return weights;
      }
    },

    /** The two moments of Adam, lazy or not. */
    TWO_A_WEIGHT {
      @Override
      long numbers(long weights) {
        return 2 * weights;
      }
    };

    /** What is remembered of a row. */
    abstract long numbers(long weights);

    /** That of a contestant's recipe. */
    static State of(String recipe) {
      if (recipe.contains("adam")) {
        return TWO_A_WEIGHT;
      }
      if (recipe.equals(Recipe.ADAGRAD_PER_RATING.label())) {
        return ONE_A_ROW;
      }
      return recipe.startsWith("adagrad") ? ONE_A_WEIGHT : NONE;
    }
  }

  static long bytes(RatingSet data, int factors, State state) {
    long rows = (long) data.users() + data.items();
    long numbersOfRow = factors + state.numbers(factors) + 1 + state.numbers(1);
    return RATING * data.ratings() + Float.BYTES * rows * numbersOfRow;
  }
}
