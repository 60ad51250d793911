package io.github.gpumf.backend.vector;

import jdk.incubator.vector.FloatVector;

/** The phases of a {@link RatingGroup} that work on single numbers alone. */
final class GroupNumbers {
  private GroupNumbers() {}

  /** From rows of numbers to arrays of a kind. */
  static final class Spread extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      group.ofUsers.spread();
      group.ofItems.spread();
    }
  }

  /** From arrays of a kind to rows of numbers. */
  static final class Join extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      group.ofUsers.join();
      group.ofItems.join();
    }
  }

  /** Errors, and the slopes and losses they make. */
  static final class FindSlopes extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
        FloatVector bias =
            load(group.ofUsers.bias, at).add(group.step.offset()).add(load(group.ofItems.bias, at));
        FloatVector error = load(group.dots, at).add(bias.sub(load(group.values, at)));
        FloatVector weighted = load(group.weights, at).mul(error);
        weighted.mul(2).intoArray(group.slopes, at);
        weighted.mul(error).intoArray(group.losses, at);
      }
    }
  }

  /**
   * AdaGrad by row: the accumulators, and how far rows are to move.
   *
   * <p>An accumulator grows by the mean square of the gradient {@code g = 2 (a e q + lambda p)},
   * which needs no pass over the row: {@code |g|^2 = 4 (a^2 e^2 |q|^2 + 2 a e lambda p.q + lambda^2
   * |p|^2)}.
   */
  static final class GrowRows extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      grow(group, group.ofUsers, group.ofItems.squares);
      grow(group, group.ofItems, group.ofUsers.squares);
    }

    private static void grow(RatingGroup group, RowNumbers rows, float[] squaresOfOthers) {
      RatingStep step = group.step;
      float shrinkage = step.shrinkage();
      float perColumn = 1f / step.columns();
      for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
        FloatVector slope = load(group.slopes, at);
        FloatVector byOthers = slope.mul(load(squaresOfOthers, at));
        FloatVector byBoth = load(group.dots, at).mul(2 * shrinkage);
        FloatVector byOwn = load(rows.squares, at).mul(shrinkage * shrinkage);
        FloatVector square = slope.mul(byOthers.add(byBoth)).add(byOwn);
        // Rounding can leave a sum of squares a little below 0.
        FloatVector sum = load(rows.slot, at).add(square.max(0).mul(perColumn));
        sum.intoArray(rows.slot, at);
        FloatVector rate =
            FloatVector.broadcast(Lanes.SPECIES, step.rate()).div(sum.sqrt().add(step.epsilon()));
        rate.mul(-shrinkage).add(1).intoArray(rows.keep, at);
        rate.mul(slope).neg().intoArray(rows.move, at);
      }
    }
  }

  /**
   * AdaGrad by row: the squares of rows that are about to move. They are kept and not summed up
   * anew, since {@code p' = x p + y q} makes {@code |p'|^2 = x^2 |p|^2 + 2 x y p.q + y^2 |q|^2};
   * but before each epoch they are, so that rounding does not add up.
   */
  static final class MoveSquares extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
        FloatVector dot = load(group.dots, at);
        FloatVector pp = load(group.ofUsers.squares, at);
        FloatVector qq = load(group.ofItems.squares, at);
        moved(group.ofUsers, at, pp, dot, qq).intoArray(group.ofUsers.squares, at);
        moved(group.ofItems, at, qq, dot, pp).intoArray(group.ofItems.squares, at);
      }
    }

    private static FloatVector moved(
        RowNumbers rows, int at, FloatVector own, FloatVector dot, FloatVector others) {
      FloatVector x = load(rows.keep, at);
      FloatVector y = load(rows.move, at);
      return x.mul(x.mul(own).add(y.mul(dot).mul(2))).add(y.mul(y).mul(others)).max(0);
    }
  }

  /** AdaGrad of the biases. */
  static final class GrowBiases extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      grow(group, group.ofUsers);
      grow(group, group.ofItems);
    }

    private static void grow(RatingGroup group, RowNumbers rows) {
      RatingStep step = group.step;
      for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
        FloatVector bias = load(rows.bias, at);
        FloatVector g = load(group.slopes, at).add(bias.mul(step.biasShrinkage()));
        FloatVector sum = load(rows.biasFirst, at).add(g.mul(g));
        sum.intoArray(rows.biasFirst, at);
        FloatVector root = sum.sqrt().add(step.epsilon());
        bias.sub(g.mul(step.rate()).div(root)).intoArray(rows.bias, at);
      }
    }
  }

  /** LazyAdam of the biases. */
  static final class MoveBiases extends GroupPhase {
    @Override
    void apply(RatingGroup group) {
      move(group, group.ofUsers);
      move(group, group.ofItems);
    }

    private static void move(RatingGroup group, RowNumbers rows) {
      RatingStep step = group.step;
      for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
        FloatVector bias = load(rows.bias, at);
        FloatVector g = load(group.slopes, at).add(bias.mul(step.biasShrinkage()));
        FloatVector m = load(rows.biasFirst, at);
        FloatVector v = load(rows.slot, at);
        m = m.add(g.sub(m).mul(step.weight1()));
        v = v.add(g.mul(g).sub(v).mul(step.weight2()));
        m.intoArray(rows.biasFirst, at);
        v.intoArray(rows.slot, at);
        FloatVector root = v.sqrt().add(step.epsilon());
        bias.sub(m.mul(step.rate()).div(root)).intoArray(rows.bias, at);
      }
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.SPECIES, array, at);
  }
}
