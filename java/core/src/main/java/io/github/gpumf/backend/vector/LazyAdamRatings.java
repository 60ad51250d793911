package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** {@link io.github.gpumf.optim.LazyAdam} by rating. */
final class LazyAdamRatings implements RatingKernel {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  public double run(long from, long end, RatingRows users, RatingRows items, RatingStep step) {
    double squaredError = 0;
    for (long next = from; next != end; next += STRIDE) {
      long at = Lanes.address(next);
      long user = Lanes.getInt(at + RatingGrid.USER);
      long item = Lanes.getInt(at + RatingGrid.ITEM);
      float value = Lanes.get(at + RatingGrid.VALUE);
      float weight = STRIDE > RatingGrid.WEIGHT ? Lanes.get(at + RatingGrid.WEIGHT) : 1;
      long p = Lanes.address(users.factors() + user * ROW_BYTES);
      long q = Lanes.address(items.factors() + item * ROW_BYTES);
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
      moveRows(users, items, user, item, slope, step);
      Lanes.set(userBias, bu - move(users, ofUser, slope + step.biasShrinkage() * bu, step));
      Lanes.set(itemBias, bi - move(items, ofItem, slope + step.biasShrinkage() * bi, step));
    }
    return squaredError;
  }

  /** How far a bias moves; {@code offset} is where its moments are in their columns. */
  private static float move(RatingRows side, long offset, float gradient, RatingStep step) {
    long first = Lanes.address(side.biasFirst() + offset);
    long second = Lanes.address(side.biasSecond() + offset);
    float m = Lanes.get(first);
    float v = Lanes.get(second);
    m += (gradient - m) * step.weight1();
    v += (gradient * gradient - v) * step.weight2();
    Lanes.set(first, m);
    Lanes.set(second, v);
    return m * step.rate() / ((float) Math.sqrt(v) + step.epsilon());
  }

  private static void moveRows(
      RatingRows users, RatingRows items, long user, long item, float slope, RatingStep step) {
    float shrinkage = step.shrinkage();
    float weight1 = step.weight1();
    float weight2 = step.weight2();
    float rate = step.rate();
    float epsilon = step.epsilon();
    long row = user * ROW_BYTES;
    long p = Lanes.address(users.factors() + row);
    long firstOfP = Lanes.address(users.first() + row);
    long secondOfP = Lanes.address(users.second() + row);
    row = item * ROW_BYTES;
    long q = Lanes.address(items.factors() + row);
    long firstOfQ = Lanes.address(items.first() + row);
    long secondOfQ = Lanes.address(items.second() + row);
    for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
      FloatVector x = Lanes.load(p + byteAt);
      FloatVector y = Lanes.load(q + byteAt);
      FloatVector gx = y.mul(slope).add(x.mul(shrinkage));
      FloatVector gy = x.mul(slope).add(y.mul(shrinkage));
      FloatVector m = moved(firstOfP + byteAt, gx, weight1);
      FloatVector v = moved(secondOfP + byteAt, gx.mul(gx), weight2);
      Lanes.store(x.sub(m.mul(rate).div(v.sqrt().add(epsilon))), p + byteAt);
      m = moved(firstOfQ + byteAt, gy, weight1);
      v = moved(secondOfQ + byteAt, gy.mul(gy), weight2);
      Lanes.store(y.sub(m.mul(rate).div(v.sqrt().add(epsilon))), q + byteAt);
    }
  }

  /** Moves moments a little toward what they are moments of. */
  private static FloatVector moved(long moments, FloatVector toward, float weight) {
    FloatVector old = Lanes.load(moments);
    FloatVector moved = old.add(toward.sub(old).mul(weight));
    Lanes.store(moved, moments);
    return moved;
  }
}
