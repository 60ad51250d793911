package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import jdk.incubator.vector.FloatVector;

/**
 * Ratings that share no row, and the single numbers of their rows: the phases that are shaped move
 * the rows themselves. What one rating does to single numbers, this does for all of a group in a
 * vector or two; behind the last rating the arrays hold numbers of no meaning, which nobody reads.
 *
 * <p>With AdaGrad by row the accumulator grows by the mean square of the gradient {@code g = 2 (a e
 * q + lambda p)}, which needs no pass over the row: {@code |g|^2 = 4 (a^2 e^2 |q|^2 + 2 a e lambda
 * p.q + lambda^2 |p|^2)}. The squares of the rows are kept: a move {@code p' = x p + y q} makes
 * {@code |p'|^2 = x^2 |p|^2 + 2 x y p.q + y^2 |q|^2} of them. They are summed up anew before each
 * epoch, so that rounding does not add up.
 */
final class RatingGroup {
  /** Whole vectors of any machine. */
  private static final int LENGTH = Math.max(RatingGrid.GROUP, Lanes.COUNT);

  /** How many there are. */
  int size;

  final int[] users = new int[LENGTH];
  final int[] items = new int[LENGTH];
  final float[] values = new float[LENGTH];
  final float[] weights = new float[LENGTH];

  /** {@code p . q}. */
  final float[] dots = new float[LENGTH];

  /** The loss by the prediction: {@code 2 a e}. */
  final float[] slopes = new float[LENGTH];

  final Numbers ofUsers = new Numbers();
  final Numbers ofItems = new Numbers();
  final RatingSide userSide;
  final RatingSide itemSide;
  final RatingStep step;

  /** The address of the rating after the group's last. */
  long next;

  /** Of the groups so far, weighted. */
  double squaredError;

  RatingGroup(long from, RatingSide userSide, RatingSide itemSide, RatingStep step) {
    next = from;
    this.userSide = userSide;
    this.itemSide = itemSide;
    this.step = step;
  }

  /** The single numbers of one side's rows. */
  static final class Numbers {
    final float[] bias = new float[LENGTH];
    final float[] biasFirst = new float[LENGTH];
    final float[] biasSecond = new float[LENGTH];
    final float[] rowFirst = new float[LENGTH];
    final float[] squares = new float[LENGTH];

    /** How much of a row is left, and how much of the other is added. */
    final float[] keep = new float[LENGTH];

    final float[] move = new float[LENGTH];

    void gather(RatingSide side, int[] rows, int size) {
      gather(side.bias, rows, size, bias);
      gather(side.biasFirst, rows, size, biasFirst);
      gather(side.biasSecond, rows, size, biasSecond);
      gather(side.rowFirst, rows, size, rowFirst);
      gather(side.squares, rows, size, squares);
    }

    void scatter(RatingSide side, int[] rows, int size) {
      scatter(bias, rows, size, side.bias);
      scatter(biasFirst, rows, size, side.biasFirst);
      scatter(biasSecond, rows, size, side.biasSecond);
      scatter(rowFirst, rows, size, side.rowFirst);
      scatter(squares, rows, size, side.squares);
    }

    private static void gather(float[] column, int[] rows, int size, float[] to) {
      if (column.length == 0) {
        return;
      }
      for (int number = 0; number < size; number++) {
        to[number] = column[rows[number]];
      }
    }

    private static void scatter(float[] from, int[] rows, int size, float[] column) {
      if (column.length == 0) {
        return;
      }
      for (int number = 0; number < size; number++) {
        column[rows[number]] = from[number];
      }
    }
  }

  /** Takes the single numbers of the rows. */
  void gather() {
    ofUsers.gather(userSide, users, size);
    ofItems.gather(itemSide, items, size);
  }

  /** Gives them back. */
  void scatter() {
    ofUsers.scatter(userSide, users, size);
    ofItems.scatter(itemSide, items, size);
  }

  /** Errors, and the slopes they make. */
  void findSlopes() {
    double sum = 0;
    for (int number = 0; number < size; number++) {
      float bias = step.offset() + ofUsers.bias[number] + ofItems.bias[number];
      float error = dots[number] + (bias - values[number]);
      float weighted = weights[number] * error;
      sum += weighted * error;
      slopes[number] = 2 * weighted;
    }
    squaredError += sum;
  }

  /** AdaGrad by row: the accumulators, and how far rows are to move. */
  void growRows() {
    growRows(ofUsers, ofItems);
    growRows(ofItems, ofUsers);
  }

  private void growRows(Numbers side, Numbers other) {
    float shrinkage = step.shrinkage();
    float perColumn = 1f / step.columns();
    for (int at = 0; at < size; at += Lanes.COUNT) {
      FloatVector slope = FloatVector.fromArray(Lanes.SPECIES, slopes, at);
      FloatVector dot = FloatVector.fromArray(Lanes.SPECIES, dots, at);
      FloatVector own = FloatVector.fromArray(Lanes.SPECIES, side.squares, at);
      FloatVector others = FloatVector.fromArray(Lanes.SPECIES, other.squares, at);
      FloatVector square =
          slope
              .mul(slope.mul(others).add(dot.mul(2 * shrinkage)))
              .add(own.mul(shrinkage * shrinkage));
      // Rounding can leave a sum of squares a little below 0.
      FloatVector sum =
          FloatVector.fromArray(Lanes.SPECIES, side.rowFirst, at).add(square.max(0).mul(perColumn));
      sum.intoArray(side.rowFirst, at);
      FloatVector rate =
          FloatVector.broadcast(Lanes.SPECIES, step.rate()).div(sum.sqrt().add(step.epsilon()));
      rate.mul(-shrinkage).add(1).intoArray(side.keep, at);
      rate.mul(slope).neg().intoArray(side.move, at);
    }
  }

  /** The squares of rows {@code x p + y q} that are about to move. */
  void moveSquares() {
    for (int at = 0; at < size; at += Lanes.COUNT) {
      FloatVector dot = FloatVector.fromArray(Lanes.SPECIES, dots, at);
      FloatVector pp = FloatVector.fromArray(Lanes.SPECIES, ofUsers.squares, at);
      FloatVector qq = FloatVector.fromArray(Lanes.SPECIES, ofItems.squares, at);
      FloatVector x = FloatVector.fromArray(Lanes.SPECIES, ofUsers.keep, at);
      FloatVector y = FloatVector.fromArray(Lanes.SPECIES, ofUsers.move, at);
      FloatVector moved = x.mul(x.mul(pp).add(y.mul(dot).mul(2))).add(y.mul(y).mul(qq));
      moved.max(0).intoArray(ofUsers.squares, at);
      x = FloatVector.fromArray(Lanes.SPECIES, ofItems.keep, at);
      y = FloatVector.fromArray(Lanes.SPECIES, ofItems.move, at);
      moved = x.mul(x.mul(qq).add(y.mul(dot).mul(2))).add(y.mul(y).mul(pp));
      moved.max(0).intoArray(ofItems.squares, at);
    }
  }

  /** AdaGrad of the biases. */
  void growBiases() {
    growBiases(ofUsers);
    growBiases(ofItems);
  }

  private void growBiases(Numbers side) {
    for (int at = 0; at < size; at += Lanes.COUNT) {
      FloatVector bias = FloatVector.fromArray(Lanes.SPECIES, side.bias, at);
      FloatVector g =
          FloatVector.fromArray(Lanes.SPECIES, slopes, at).add(bias.mul(step.biasShrinkage()));
      FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, side.biasFirst, at).add(g.mul(g));
      sum.intoArray(side.biasFirst, at);
      bias.sub(g.mul(step.rate()).div(sum.sqrt().add(step.epsilon()))).intoArray(side.bias, at);
    }
  }

  /** LazyAdam of the biases. */
  void moveBiasesByMoments() {
    moveBiasesByMoments(ofUsers);
    moveBiasesByMoments(ofItems);
  }

  private void moveBiasesByMoments(Numbers side) {
    for (int at = 0; at < size; at += Lanes.COUNT) {
      FloatVector bias = FloatVector.fromArray(Lanes.SPECIES, side.bias, at);
      FloatVector g =
          FloatVector.fromArray(Lanes.SPECIES, slopes, at).add(bias.mul(step.biasShrinkage()));
      FloatVector m = FloatVector.fromArray(Lanes.SPECIES, side.biasFirst, at);
      FloatVector v = FloatVector.fromArray(Lanes.SPECIES, side.biasSecond, at);
      m = m.add(g.sub(m).mul(step.weight1()));
      v = v.add(g.mul(g).sub(v).mul(step.weight2()));
      m.intoArray(side.biasFirst, at);
      v.intoArray(side.biasSecond, at);
      bias.sub(m.mul(step.rate()).div(v.sqrt().add(step.epsilon()))).intoArray(side.bias, at);
    }
  }
}
