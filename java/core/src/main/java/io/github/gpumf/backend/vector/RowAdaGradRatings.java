package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * {@link io.github.gpumf.optim.AdaGrad} with an accumulator a row, by rating.
 *
 * <p>The accumulator grows by the mean square of the gradient {@code g = 2 (a e q + lambda p)},
 * which needs no pass over the row: {@code |g|^2 = 4 (a^2 e^2 |q|^2 + 2 a e lambda p.q + lambda^2
 * |p|^2)}. The squares of the rows are kept: a move {@code p' = x p + y q} makes {@code |p'|^2 =
 * x^2 |p|^2 + 2 x y p.q + y^2 |q|^2} of them. They are summed up anew before each epoch, so that
 * rounding does not add up.
 */
final class RowAdaGradRatings implements RatingKernel {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  public double run(long from, long end, RatingRows users, RatingRows items, RatingStep step) {
    long userFactors = users.factors();
    long itemFactors = items.factors();
    float offset = step.offset();
    float shrinkage = step.shrinkage();
    float biasShrinkage = step.biasShrinkage();
    float rate = step.rate();
    float epsilon = step.epsilon();
    float perColumn = 1f / step.columns();
    double squaredError = 0;
    for (long next = from; next != end; next += STRIDE) {
      long at = Lanes.address(next);
      long user = Lanes.getInt(at + RatingGrid.USER);
      long item = Lanes.getInt(at + RatingGrid.ITEM);
      float value = Lanes.get(at + RatingGrid.VALUE);
      float weight = STRIDE > RatingGrid.WEIGHT ? Lanes.get(at + RatingGrid.WEIGHT) : 1;
      long p = Lanes.address(userFactors + user * ROW_BYTES);
      long q = Lanes.address(itemFactors + item * ROW_BYTES);
      FloatVector products = FloatVector.zero(Lanes.SPECIES);
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        products = Lanes.load(p + byteAt).fma(Lanes.load(q + byteAt), products);
      }
      long ofUser = user * Float.BYTES;
      long ofItem = item * Float.BYTES;
      long userBias = Lanes.address(users.bias() + ofUser);
      long itemBias = Lanes.address(items.bias() + ofItem);
      float bu = Lanes.get(userBias);
      float bi = Lanes.get(itemBias);
      float dot = Lanes.sum(products);
      float error = dot + (offset + bu + bi - value);
      float weighted = weight * error;
      squaredError += weighted * error;
      float slope = 2 * weighted;

      long userSquares = Lanes.address(users.squares() + ofUser);
      long itemSquares = Lanes.address(items.squares() + ofItem);
      float pp = Lanes.get(userSquares);
      float qq = Lanes.get(itemSquares);
      float cross = 2 * slope * shrinkage * dot;
      float userGradient = slope * slope * qq + cross + shrinkage * shrinkage * pp;
      float itemGradient = slope * slope * pp + cross + shrinkage * shrinkage * qq;
      float userRate =
          rate(Lanes.address(users.first() + ofUser), userGradient * perColumn, rate, epsilon);
      float itemRate =
          rate(Lanes.address(items.first() + ofItem), itemGradient * perColumn, rate, epsilon);
      float userMove = -userRate * slope;
      float itemMove = -itemRate * slope;
      float userKeep = 1 - userRate * shrinkage;
      float itemKeep = 1 - itemRate * shrinkage;
      Lanes.set(userSquares, squares(userKeep, pp, userMove, qq, dot));
      Lanes.set(itemSquares, squares(itemKeep, qq, itemMove, pp, dot));
      moveRows(p, q, userKeep, userMove, itemKeep, itemMove);

      float gu = slope + biasShrinkage * bu;
      float gi = slope + biasShrinkage * bi;
      float ru = rate(Lanes.address(users.biasFirst() + ofUser), gu * gu, rate, epsilon);
      float ri = rate(Lanes.address(items.biasFirst() + ofItem), gi * gi, rate, epsilon);
      Lanes.set(userBias, bu - ru * gu);
      Lanes.set(itemBias, bi - ri * gi);
    }
    return squaredError;
  }

  /** Adds to an accumulator and returns the rate that it leaves. */
  private static float rate(long accumulator, float square, float rate, float epsilon) {
    // Rounding can leave a sum of squares a little below 0.
    float sum = Lanes.get(accumulator) + Math.max(0, square);
    Lanes.set(accumulator, sum);
    return rate / ((float) Math.sqrt(sum) + epsilon);
  }

  /** The squares of x p + y q. */
  private static float squares(float x, float pp, float y, float qq, float pq) {
    return Math.max(0, x * x * pp + 2 * x * y * pq + y * y * qq);
  }

  private static void moveRows(
      long p, long q, float userKeep, float userMove, float itemKeep, float itemMove) {
    FloatVector userMoves = FloatVector.broadcast(Lanes.SPECIES, userMove);
    FloatVector itemMoves = FloatVector.broadcast(Lanes.SPECIES, itemMove);
    for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
      FloatVector ofP = Lanes.load(p + byteAt);
      FloatVector ofQ = Lanes.load(q + byteAt);
      Lanes.store(ofQ.fma(userMoves, ofP.mul(userKeep)), p + byteAt);
      Lanes.store(ofP.fma(itemMoves, ofQ.mul(itemKeep)), q + byteAt);
    }
  }
}
