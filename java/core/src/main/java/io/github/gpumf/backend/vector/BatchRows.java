package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** {@link RowLoops} for {@link Shaped}. */
final class BatchRows implements RowLoops {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void setScaled(long y, float factor, long x) {
    Rows.setScaled(Lanes.address(y), factor, Lanes.address(x), ROW_BYTES);
  }

  @Override
  public float addErrors(
      Batch batch,
      BatchSide side,
      BatchSide other,
      int number,
      float kernel,
      float offset,
      float scale,
      long gradient) {
    long sum = Lanes.address(gradient);
    long row = Lanes.address(side.factors.row(side.index.row(number)));
    float slopeSum = 0;
    for (int at = side.index.first(number); at != BatchIndex.NONE; at = side.index.next(at)) {
      int otherRow = other.rowAt[at];
      long factors = Lanes.address(other.factors.row(otherRow));
      float dot = Rows.dot(row, factors, ROW_BYTES);
      float error = kernel * dot + offset + other.bias(otherRow) - batch.values[at];
      float weighted = batch.weights == null ? error : batch.weights[at] * error;
      float slope = scale * weighted;
      batch.dots[at] = dot;
      batch.squaredErrors[at] = (double) weighted * error;
      batch.slopes[at] = slope;
      slopeSum += slope;
      Rows.addScaled(sum, slope * kernel, factors, ROW_BYTES);
    }
    return slopeSum;
  }

  @Override
  public float addSlopes(
      Batch batch, BatchSide side, BatchSide other, int number, float kernel, long gradient) {
    long sum = Lanes.address(gradient);
    float slopeSum = 0;
    for (int at = side.index.first(number); at != BatchIndex.NONE; at = side.index.next(at)) {
      float slope = batch.slopes[at];
      slopeSum += slope;
      long factors = Lanes.address(other.factors.row(other.rowAt[at]));
      Rows.addScaled(sum, slope * kernel, factors, ROW_BYTES);
    }
    return slopeSum;
  }

  @Override
  public void catchUp(
      long weights,
      long moments,
      long squares,
      float epsilon,
      float a0,
      float a1,
      float a2,
      float a3,
      float decay1,
      float decay2) {
    long row = Lanes.address(weights);
    long first = Lanes.address(moments);
    long second = Lanes.address(squares);
    FloatVector ones = FloatVector.broadcast(Lanes.SPECIES, 1f);
    for (int at = 0; at < ROW_BYTES; at += Lanes.BYTES) {
      FloatVector m = Lanes.load(first + at);
      FloatVector v = Lanes.load(second + at);
      FloatVector root = v.sqrt();
      FloatVector inverse = ones.div(root.add(epsilon));
      FloatVector r = root.mul(inverse);
      FloatVector sum = r.mul(a3).add(a2).mul(r).add(a1).mul(r).add(a0);
      Lanes.store(Lanes.load(row + at).sub(m.mul(inverse).mul(sum)), row + at);
      Lanes.store(m.mul(decay1), first + at);
      Lanes.store(v.mul(decay2), second + at);
    }
  }
}
