package io.github.gpumf.backend;

import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything a training carries from one step to the next: with it and the job, any later step can
 * be computed.
 *
 * @param weights the weights
 * @param slots the optimizer's numbers for each weight, in the order of {@link #slotNames}
 * @param step steps done, at least 0
 */
public record TrainingState(Weights weights, List<Weights> slots, long step) {
  /** Factors that are drawn at a time. */
  private static final int DRAWS = 1 << 12;

  /** Checks the step. */
  public TrainingState {
    slots = List.copyOf(slots);
    if (step < 0) {
      throw new IllegalArgumentException("step must be at least 0, not " + step);
    }
  }

  /**
   * The names of an optimizer's slots.
   *
   * @param optimizer any
   * @return m and v for Adam and LazyAdam, G for AdaGrad, none for Sgd
   */
  public static List<String> slotNames(Optimizer optimizer) {
    return switch (optimizer) {
      case Adam adam -> List.of("m", "v");
      case LazyAdam lazyAdam -> List.of("m", "v");
      case AdaGrad adaGrad -> List.of("G");
      case Sgd sgd -> List.of();
    };
  }

  /**
   * The columns of a slot's factor tables.
   *
   * @param optimizer any
   * @param factors k
   * @return k, or 1 if a row shares one number
   */
  public static int slotColumns(Optimizer optimizer, int factors) {
    return optimizer instanceof AdaGrad adaGrad && adaGrad.accumulator() == AdaGrad.Accumulator.ROW
        ? 1
        : factors;
  }

  /**
   * The state before the first step: factors by the model's initializer, the kernel of a Dense head
   * glorot-uniform in +-sqrt(6 / (1 + 1)), all else 0.
   *
   * @param ratings decide the number of users and items
   * @param spec the model
   * @param optimizer decides the slots
   * @param seed any value
   * @return the state, in memory of its own
   */
  public static TrainingState initial(Ratings ratings, Mf spec, Optimizer optimizer, long seed) {
    Arena arena = Arena.ofAuto();
    Weights weights =
        Weights.zeros(spec.head(), ratings.userCount(), ratings.itemCount(), spec.factors(), arena);
    fill(weights.userFactors(), spec, CounterRandom.of(seed, Purpose.USER_FACTORS, 0));
    fill(weights.itemFactors(), spec, CounterRandom.of(seed, Purpose.ITEM_FACTORS, 0));
    if (weights.dense() != null) {
      float limit = (float) Math.sqrt(3);
      weights
          .dense()
          .set(
              0,
              0,
              CounterRandom.of(seed, Purpose.DENSE_KERNEL, 0).uniform(0) * (2 * limit) - limit);
    }
    return of(weights, optimizer);
  }

  /**
   * The state before the first step, from given weights.
   *
   * @param weights the weights
   * @param optimizer decides the slots, which are 0
   * @return the state
   */
  public static TrainingState of(Weights weights, Optimizer optimizer) {
    Arena arena = Arena.ofAuto();
    List<Weights> slots = new ArrayList<>();
    for (int slot = 0; slot < slotNames(optimizer).size(); slot++) {
      slots.add(
          Weights.zeros(
              weights.dense() == null ? Mf.Head.BIASES : Mf.Head.DENSE,
              weights.userFactors().rows(),
              weights.itemFactors().rows(),
              slotColumns(optimizer, weights.userFactors().columns()),
              arena));
    }
    return new TrainingState(weights, slots, 0);
  }

  /** A factor has the draw of its place in the table. */
  private static void fill(FloatTable factors, Mf spec, CounterRandom random) {
    long count = factors.rows() * factors.columns();
    float[] draws = new float[(int) Math.min(count, DRAWS)];
    for (long start = 0; start < count; start += draws.length) {
      random.uniform(start, draws);
      for (int at = 0; at < draws.length; at++) {
        draws[at] = spec.initializer().apply(draws[at]);
      }
      int length = (int) Math.min(draws.length, count - start);
      MemorySegment.copy(
          draws, 0, factors.segment(), FloatTable.LAYOUT, start * Float.BYTES, length);
    }
  }

  /** Fails if this is not a state of such a training. */
  void check(Ratings ratings, Mf spec, Optimizer optimizer) {
    if (slots.size() != slotNames(optimizer).size()) {
      throw new IllegalArgumentException(
          optimizer + " has " + slotNames(optimizer).size() + " slots, not " + slots.size());
    }
    check("weights", weights, ratings, spec, spec.factors());
    for (Weights slot : slots) {
      check("optimizer slots", slot, ratings, spec, slotColumns(optimizer, spec.factors()));
    }
  }

  private static void check(String name, Weights weights, Ratings ratings, Mf spec, int columns) {
    FloatTable users = weights.userFactors();
    FloatTable items = weights.itemFactors();
    if (users.rows() != ratings.userCount()
        || items.rows() != ratings.itemCount()
        || users.columns() != columns
        || (weights.dense() != null) != (spec.head() == Mf.Head.DENSE)) {
      throw new IllegalArgumentException(
          name
              + " of "
              + users.rows()
              + " users and "
              + items.rows()
              + " items with "
              + users.columns()
              + " columns are not those of "
              + spec
              + " on "
              + ratings);
    }
  }
}
