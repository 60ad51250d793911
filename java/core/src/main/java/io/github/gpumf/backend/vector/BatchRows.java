package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** {@link RowLoops} for {@link Shaped}. */
final class BatchRows implements RowLoops {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void copy(int[] rows, int from, int to, long factors, long copies) {
    for (int number = from; number < to; number++) {
      long row = Lanes.address(factors + (long) rows[number] * ROW_BYTES);
      long copy = Lanes.address(copies + (long) (number - from) * ROW_BYTES);
      for (int at = 0; at < ROW_BYTES; at += Lanes.BYTES) {
        Lanes.store(Lanes.load(row + at), copy + at);
      }
    }
  }

  @Override
  public void clearGradients(int count, long gradients) {
    FloatVector zero = FloatVector.zero(Lanes.SPECIES);
    long start = Lanes.address(gradients);
    for (int at = 0; at < count * ROW_BYTES; at += Lanes.BYTES) {
      Lanes.store(zero, start + at);
    }
  }

  @Override
  public void startGradients(
      int[] rows, int from, int to, long factors, float[] shrink, long gradients) {
    for (int number = from; number < to; number++) {
      long row = Lanes.address(factors + (long) rows[number] * ROW_BYTES);
      long gradient = Lanes.address(gradients + (long) (number - from) * ROW_BYTES);
      Rows.setScaled(gradient, shrink[number - from], row, ROW_BYTES);
    }
  }

  @Override
  public void findDots(
      Batch batch, int from, int to, long users, long items, boolean halves, float[] dots) {
    if (halves) {
      findDotsOfHalves(batch, from, to, users, items, dots);
      return;
    }
    int end = batch.users.first(to);
    for (int at = batch.users.first(from); at < end; at++) {
      long p = Lanes.address(users + (long) batch.userOf[at] * ROW_BYTES);
      long q = Lanes.address(items + (long) batch.itemAt[at] * ROW_BYTES);
      dots[at] = Rows.dot(p, q, ROW_BYTES);
    }
  }

  private static void findDotsOfHalves(
      Batch batch, int from, int to, long users, long items, float[] dots) {
    int end = batch.users.first(to);
    for (int at = batch.users.first(from); at < end; at++) {
      long p = Lanes.address(users + (long) batch.userOf[at] * ROW_BYTES);
      long q = Lanes.address(items + (long) batch.itemAt[at] * ROW_BYTES);
      dots[at] = Rows.dotOfHalves(p, q, ROW_BYTES);
    }
  }

  @Override
  public double addErrors(
      Batch batch,
      int from,
      int to,
      long items,
      long itemBias,
      BatchNumbers numbers,
      float[] slopes,
      BatchChunk chunk,
      long gradients) {
    int end = batch.users.first(to);
    float[] weights = batch.weights;
    float[] first = batch.dots[0];
    float[] second = batch.dots.length > 1 ? batch.dots[1] : null;
    float kernel = numbers.kernel();
    float offset = numbers.offset();
    float scale = numbers.scale();
    double squaredError = 0;
    for (int at = batch.users.first(from); at < end; at++) {
      int user = batch.userOf[at];
      int item = batch.itemAt[at];
      float dot = second == null ? first[at] : first[at] + second[at];
      float bias = chunk.bias[user - from];
      if (itemBias != 0) {
        bias += Lanes.get(itemBias + (long) item * Float.BYTES);
      }
      float error = kernel * dot + (offset + bias - batch.values[at]);
      float weighted = weights == null ? error : weights[at] * error;
      squaredError += (double) weighted * error;
      float slope = scale * weighted;
      slopes[at] = slope;
      chunk.slopes[user - from] += slope;
      long q = Lanes.address(items + (long) item * ROW_BYTES);
      long gradient = Lanes.address(gradients + (long) (user - from) * ROW_BYTES);
      Rows.addScaled(gradient, slope * kernel, q, ROW_BYTES);
    }
    return squaredError;
  }

  @Override
  public void addSlopes(
      Batch batch,
      int from,
      int to,
      long users,
      float kernel,
      float[] slopes,
      BatchChunk chunk,
      long gradients) {
    int end = batch.items.first(to);
    for (int at = batch.items.first(from); at < end; at++) {
      int item = batch.itemOf[at];
      float slope = slopes[batch.ratingAt[at]];
      chunk.slopes[item - from] += slope;
      long p = Lanes.address(users + (long) batch.userAt[at] * ROW_BYTES);
      long gradient = Lanes.address(gradients + (long) (item - from) * ROW_BYTES);
      Rows.addScaled(gradient, slope * kernel, p, ROW_BYTES);
    }
  }

  @Override
  public void catchUp(Rests rests, long weights, long moments, long squares, float epsilon) {
    FloatVector ones = FloatVector.broadcast(Lanes.SPECIES, 1f);
    for (int number = 0; number < rests.count; number++) {
      long start = (long) rests.rows[number] * ROW_BYTES;
      long row = Lanes.address(weights + start);
      long first = Lanes.address(moments + start);
      long second = Lanes.address(squares + start);
      int numbers = rests.starts[number];
      float a0 = rests.numbers[numbers + Rests.TERM_0];
      float a1 = rests.numbers[numbers + Rests.TERM_1];
      float a2 = rests.numbers[numbers + Rests.TERM_2];
      float a3 = rests.numbers[numbers + Rests.TERM_3];
      float decay1 = rests.numbers[numbers + Rests.DECAY_1];
      float decay2 = rests.numbers[numbers + Rests.DECAY_2];
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
}
