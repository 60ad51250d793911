package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;

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
}
