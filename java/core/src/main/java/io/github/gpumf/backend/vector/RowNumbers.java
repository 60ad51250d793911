package io.github.gpumf.backend.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The single numbers of one side's rows of a {@link RatingGroup}. In memory those of a row stand
 * beside each other, so that a rating reads and writes them at once. Here, from {@link #spread} to
 * {@link #join}, each kind has an array, so that arithmetic is done for all ratings of the group in
 * a vector or two. Behind the last rating they are of no meaning, and nobody reads them.
 */
final class RowNumbers {
  /**
   * Numbers of a row, used or not, as many as {@link Lanes#loadFour} reads: the bias; the
   * optimizer's first slot of it; LazyAdam's second slot of it or, with AdaGrad by row, the row's
   * accumulator; and the sum of squares.
   */
  static final int KINDS = 4;

  static final int BYTES = KINDS * Float.BYTES;

  /** The place of the sum of squares of the factors, which AdaGrad by row keeps. */
  static final int SQUARES = 3;

  private static final int HALF = Lanes.COUNT / 2;
  private static final int QUARTER = Lanes.COUNT / KINDS;

  private static final LanePick LOWER_HALVES =
      LanePick.of(lane -> lane < HALF ? lane : lane + HALF);
  private static final LanePick UPPER_HALVES =
      LanePick.of(lane -> lane < HALF ? lane + HALF : lane + Lanes.COUNT);

  /** Of vectors of rows the first kind of number of all rows, then the second. */
  private static final LanePick FIRST_KINDS = LanePick.of(lane -> ofKinds(0, lane));

  private static final LanePick LAST_KINDS = LanePick.of(lane -> ofKinds(2, lane));

  /** The inverse of both: the first rows of these kinds. */
  private static final LanePick FIRST_ROWS = LanePick.of(lane -> ofRows(0, lane));

  private static final LanePick LAST_ROWS = LanePick.of(lane -> ofRows(QUARTER, lane));

  /** Row by row. */
  final float[] rows = new float[KINDS * RatingGroup.LENGTH];

  final float[] bias = new float[RatingGroup.LENGTH];

  /** The optimizer's first slot of the bias. */
  final float[] biasFirst = new float[RatingGroup.LENGTH];

  /** LazyAdam's second slot of the bias; with AdaGrad by row the row's accumulator. */
  final float[] slot = new float[RatingGroup.LENGTH];

  final float[] squares = new float[RatingGroup.LENGTH];

  /** How much of a row is left when it moves, and how much of the other is added. */
  final float[] keep = new float[RatingGroup.LENGTH];

  final float[] move = new float[RatingGroup.LENGTH];

  private static int ofKinds(int first, int lane) {
    return lane % HALF * KINDS + first + lane / HALF;
  }

  private static int ofRows(int first, int lane) {
    return lane % KINDS * HALF + first + lane / KINDS;
  }

  /** Fills the arrays by kind from {@link #rows}: a transposition in two steps. */
  void spread() {
    for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
      FloatVector a = load(rows, KINDS * at);
      FloatVector b = load(rows, KINDS * at + Lanes.COUNT);
      FloatVector c = load(rows, KINDS * at + 2 * Lanes.COUNT);
      FloatVector d = load(rows, KINDS * at + 3 * Lanes.COUNT);
      FloatVector ab = FIRST_KINDS.from(a, b);
      FloatVector cd = FIRST_KINDS.from(c, d);
      LOWER_HALVES.from(ab, cd).intoArray(bias, at);
      UPPER_HALVES.from(ab, cd).intoArray(biasFirst, at);
      ab = LAST_KINDS.from(a, b);
      cd = LAST_KINDS.from(c, d);
      LOWER_HALVES.from(ab, cd).intoArray(slot, at);
      UPPER_HALVES.from(ab, cd).intoArray(squares, at);
    }
  }

  /** The inverse of {@link #spread}. */
  void join() {
    for (int at = 0; at < RatingGroup.LENGTH; at += Lanes.COUNT) {
      FloatVector a = load(bias, at);
      FloatVector b = load(biasFirst, at);
      FloatVector c = load(slot, at);
      FloatVector d = load(squares, at);
      FloatVector ab = LOWER_HALVES.from(a, b);
      FloatVector cd = LOWER_HALVES.from(c, d);
      FIRST_ROWS.from(ab, cd).intoArray(rows, KINDS * at);
      LAST_ROWS.from(ab, cd).intoArray(rows, KINDS * at + Lanes.COUNT);
      ab = UPPER_HALVES.from(a, b);
      cd = UPPER_HALVES.from(c, d);
      FIRST_ROWS.from(ab, cd).intoArray(rows, KINDS * at + 2 * Lanes.COUNT);
      LAST_ROWS.from(ab, cd).intoArray(rows, KINDS * at + 3 * Lanes.COUNT);
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.SPECIES, array, at);
  }
}
