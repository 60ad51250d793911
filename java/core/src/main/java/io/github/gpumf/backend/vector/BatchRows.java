package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** {@link RowLoops} for {@link Shaped}. */
final class BatchRows implements RowLoops {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();
  private static final int HALF_BYTES = Columns.firstHalfBytes(ROW_BYTES);

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
  public void addSquares(
      int[] rows, int from, int to, long factors, boolean halves, double[] sums) {
    int bytes = halves ? HALF_BYTES : ROW_BYTES;
    sums[0] += squares(rows, from, to, factors, bytes);
    if (halves) {
      sums[1] += squares(rows, from, to, factors + HALF_BYTES, ROW_BYTES - HALF_BYTES);
    }
  }

  private static double squares(int[] rows, int from, int to, long factors, int bytes) {
    double sum = 0;
    for (int number = from; number < to; number++) {
      long row = Lanes.address(factors + (long) rows[number] * ROW_BYTES);
      sum += Rows.dot(row, row, bytes);
    }
    return sum;
  }

  @Override
  public void findDots(
      Batch batch,
      int from,
      int to,
      long users,
      long items,
      float[] userBias,
      long itemBias,
      boolean halves,
      float[] dots) {
    if (halves) {
      findDotsOfHalves(batch, from, to, users, items, userBias, itemBias, dots);
      return;
    }
    int[] userOf = batch.userOf;
    long pairs = batch.pairs;
    int end = batch.users.first(to);
    for (int at = batch.users.first(from); at < end; at++) {
      int number = userOf[at] - from;
      int item = PackedRatings.item(pairs, at);
      long p = Lanes.address(users + (long) number * ROW_BYTES);
      long q = Lanes.address(items + (long) item * ROW_BYTES);
      float dot = Rows.dot(p, q, ROW_BYTES) + userBias[number];
      if (itemBias != 0) {
        dot += Lanes.get(itemBias + (long) item * Float.BYTES);
      }
      dots[at] = dot;
    }
  }

  /** The same bits as those of {@link Columns} that have a half each, added up. */
  private static void findDotsOfHalves(
      Batch batch,
      int from,
      int to,
      long users,
      long items,
      float[] userBias,
      long itemBias,
      float[] dots) {
    int[] userOf = batch.userOf;
    long pairs = batch.pairs;
    int end = batch.users.first(to);
    for (int at = batch.users.first(from); at < end; at++) {
      int number = userOf[at] - from;
      int item = PackedRatings.item(pairs, at);
      long p = Lanes.address(users + (long) number * ROW_BYTES);
      long q = Lanes.address(items + (long) item * ROW_BYTES);
      float second = Rows.dot(p + HALF_BYTES, q + HALF_BYTES, ROW_BYTES - HALF_BYTES);
      if (itemBias != 0) {
        second += Lanes.get(itemBias + (long) item * Float.BYTES);
      }
      dots[at] = Rows.dot(p, q, HALF_BYTES) + userBias[number] + second;
    }
  }

  @Override
  public void addItems(
      Batch batch,
      int from,
      int to,
      long items,
      float kernel,
      float[] slopes,
      float @Nullable [] sums,
      long gradients) {
    int[] userOf = batch.userOf;
    long pairs = batch.pairs;
    int end = batch.users.first(to);
    for (int at = batch.users.first(from); at < end; at++) {
      int number = userOf[at] - from;
      float slope = slopes[at];
      if (sums != null) {
        sums[number] += slope;
      }
      long q = Lanes.address(items + (long) PackedRatings.item(pairs, at) * ROW_BYTES);
      long gradient = Lanes.address(gradients + (long) number * ROW_BYTES);
      Rows.addScaled(gradient, slope * kernel, q, ROW_BYTES);
    }
  }

  @Override
  public void addUsers(
      Batch batch,
      int from,
      int to,
      long users,
      float kernel,
      float[] slopes,
      float @Nullable [] sums,
      long gradients) {
    int[] itemOf = batch.itemOf;
    long[] ratingAt = batch.ratingAt;
    int end = batch.items.first(to);
    for (int at = batch.items.first(from); at < end; at++) {
      int number = itemOf[at] - from;
      long rating = ratingAt[at];
      float slope = slopes[(int) rating];
      if (sums != null) {
        sums[number] += slope;
      }
      long p = Lanes.address(users + (rating >>> Integer.SIZE) * ROW_BYTES);
      long gradient = Lanes.address(gradients + (long) number * ROW_BYTES);
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
