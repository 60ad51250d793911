package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

/**
 * The numbers of one side for a {@link RatingKernel}. Rows of factors, and of slots as long, are
 * reached by address; columns of one number a row lie on the Java heap meanwhile. An element of an
 * array costs the compiler a tenth of the nodes that one of a segment costs, and of those it has so
 * many for a kernel that with more it stops inlining, which makes the kernel three times slower.
 */
final class RatingSide {
  private static final float[] NONE = {};

  /** The address of the first row of factors. */
  final long factors;

  /** The address of the optimizer's first slot of the factors, where it has rows; or 0. */
  final long first;

  /** The same of its second slot. */
  final long second;

  final float[] bias;

  /** The optimizer's first slot of the biases, or empty. */
  final float[] biasFirst;

  /** Its second slot, or empty. */
  final float[] biasSecond;

  /** Its first slot of the factors where that is one number a row, or empty. */
  final float[] rowFirst;

  /** The sum of squares of each row of factors; for kernels that ask for it. */
  final float[] squares;

  private final Side side;

  /** Takes the columns of a side, which has them back with {@link #giveBack}. */
  RatingSide(Side side, boolean rowAccumulator) {
    this.side = side;
    factors = side.factors.row(0);
    first = rowAccumulator ? 0 : side.factorSlot(0, 0);
    second = side.factorSlot(1, 0);
    bias = column(side.bias);
    biasFirst = column(side.biasSlots.isEmpty() ? null : side.biasSlots.get(0));
    biasSecond = column(side.biasSlots.size() < 2 ? null : side.biasSlots.get(1));
    rowFirst = column(rowAccumulator ? side.factorSlots.get(0) : null);
    squares = rowAccumulator ? new float[side.rows()] : NONE;
  }

  private static float[] column(@Nullable PaddedTable table) {
    if (table == null) {
      return NONE;
    }
    float[] column = new float[(int) table.rows()];
    for (int row = 0; row < column.length; row++) {
      column[row] = Lanes.get(table.row(row));
    }
    return column;
  }

  private static void giveBack(float[] column, PaddedTable table) {
    for (int row = 0; row < column.length; row++) {
      Lanes.set(table.row(row), column[row]);
    }
  }

  /** Makes the columns of the side those of now. */
  void giveBack() {
    if (side.bias != null) {
      giveBack(bias, side.bias);
    }
    for (int slot = 0; slot < side.biasSlots.size(); slot++) {
      giveBack(slot == 0 ? biasFirst : biasSecond, side.biasSlots.get(slot));
    }
    if (rowFirst.length > 0) {
      giveBack(rowFirst, side.factorSlots.get(0));
    }
  }

  /** Sums up the squares of some rows. */
  void sumSquares(int from, int to) {
    for (int row = from; row < to; row++) {
      long address = side.factors.row(row);
      squares[row] = Rows.dot(address, address, side.factors.rowBytes());
    }
  }
}
