package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** {@link io.github.gpumf.optim.AdaGrad} with an accumulator for every weight, by rating. */
final class AdaGradRatings implements RatingKernel {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  public double run(long from, long end, RatingRows users, RatingRows items, RatingStep step) {
    float rate = step.rate();
    float epsilon = step.epsilon();
    double squaredError = 0;
    for (long next = from; next != end; next += STRIDE) {
      long at = Lanes.address(next);
      long user = Lanes.getInt(at + RatingGrid.USER);
      long item = Lanes.getInt(at + RatingGrid.ITEM);
      float value = Lanes.get(at + RatingGrid.VALUE);
      float weight = STRIDE > RatingGrid.WEIGHT ? Lanes.get(at + RatingGrid.WEIGHT) : 1;
      long row = user * ROW_BYTES;
      long p = Lanes.address(users.factors() + row);
      long ofP = Lanes.address(users.first() + row);
      row = item * ROW_BYTES;
      long q = Lanes.address(items.factors() + row);
      long ofQ = Lanes.address(items.first() + row);
      long ofUser = user * Float.BYTES;
      long ofItem = item * Float.BYTES;
      long userBias = Lanes.address(users.bias() + ofUser);
      long itemBias = Lanes.address(items.bias() + ofItem);
      float bu = Lanes.get(userBias);
      float bi = Lanes.get(itemBias);
      float error = Rows.dot(p, q, ROW_BYTES) + (step.offset() + bu + bi - value);
      float weighted = weight * error;
      squaredError += weighted * error;
      float slope = 2 * weighted;
      moveRows(p, ofP, q, ofQ, slope, step.shrinkage(), rate, epsilon);
      float gu = slope + step.biasShrinkage() * bu;
      float gi = slope + step.biasShrinkage() * bi;
      long userSum = Lanes.address(users.biasFirst() + ofUser);
      long itemSum = Lanes.address(items.biasFirst() + ofItem);
      Lanes.set(userBias, bu - rate * gu / root(userSum, gu, epsilon));
      Lanes.set(itemBias, bi - rate * gi / root(itemSum, gi, epsilon));
    }
    return squaredError;
  }

  /** Adds to an accumulator and returns its root, and epsilon. */
  private static float root(long accumulator, float gradient, float epsilon) {
    float sum = Lanes.get(accumulator) + gradient * gradient;
    Lanes.set(accumulator, sum);
    return (float) Math.sqrt(sum) + epsilon;
  }

  private static void moveRows(
      long p, long ofP, long q, long ofQ, float slope, float shrinkage, float rate, float epsilon) {
    for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
      FloatVector x = Lanes.load(p + byteAt);
      FloatVector y = Lanes.load(q + byteAt);
      FloatVector gx = y.mul(slope).add(x.mul(shrinkage));
      FloatVector gy = x.mul(slope).add(y.mul(shrinkage));
      move(x, gx, p + byteAt, ofP + byteAt, rate, epsilon);
      move(y, gy, q + byteAt, ofQ + byteAt, rate, epsilon);
    }
  }

  private static void move(
      FloatVector weights, FloatVector gradients, long to, long sums, float rate, float epsilon) {
    FloatVector sum = gradients.fma(gradients, Lanes.load(sums));
    Lanes.store(sum, sums);
    Lanes.store(weights.sub(gradients.mul(rate).div(sum.sqrt().add(epsilon))), to);
  }
}
