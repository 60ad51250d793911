package io.github.gpumf.backend.vector;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Where a {@link RatingKernel} finds the rows and the single numbers of one side. */
final class RatingSide {
  /** The address of the first row of factors. */
  final long factors;

  /** The address of the optimizer's first slot of the factors, where it has rows; or 0. */
  final long first;

  /** The same of its second slot. */
  final long second;

  /** The address of the first bias, for Sgd; others have it among the numbers. */
  final long biases;

  /** The address of the first row's numbers, as {@link RowNumbers} has them; 0 for Sgd. */
  final long numbers;

  private final Side side;

  /**
   * The columns that {@link #numbers} has copies of, in the order of {@link RowNumbers}; none for
   * Sgd.
   */
  private final List<PaddedTable> columns = new ArrayList<>();

  /**
   * Copies the single numbers of a side, unless the rule is Sgd; {@link #giveBack} copies them
   * back.
   *
   * @param arena owns the copies
   */
  RatingSide(Side side, RatingRule rule, Arena arena) {
    this.side = side;
    boolean accumulators = rule == RatingRule.ADAGRAD_BY_ROW;
    factors = side.factors.row(0);
    first = accumulators ? 0 : side.factorSlot(0, 0);
    second = side.factorSlot(1, 0);
    biases = side.biases();
    if (rule == RatingRule.SGD) {
      numbers = 0;
      return;
    }
    columns.add(Objects.requireNonNull(side.bias));
    columns.addAll(side.biasSlots);
    if (accumulators) {
      columns.add(side.factorSlots.get(0));
    }
    if (columns.size() > (accumulators ? RowNumbers.SQUARES : RowNumbers.KINDS)) {
      throw new IllegalStateException(rule + " keeps " + columns.size() + " numbers of a row");
    }
    PaddedTable copies = PaddedTable.ofNumbers(side.rows(), RowNumbers.KINDS, arena);
    numbers = copies.row(0);
    for (long row = 0; row < copies.rows(); row++) {
      for (int column = 0; column < columns.size(); column++) {
        Lanes.set(number(row, column), Lanes.get(columns.get(column).row(row)));
      }
    }
  }

  /** Bytes of the copies. */
  static long bytes(RatingRule rule, long rows) {
    return rule == RatingRule.SGD ? 0 : PaddedTable.bytesOfNumbers(rows, RowNumbers.KINDS);
  }

  private long number(long row, int place) {
    return numbers + row * RowNumbers.BYTES + (long) place * Float.BYTES;
  }

  /** Makes rows {@code from} to {@code to - 1} of the side's columns those of now. */
  void giveBack(int from, int to) {
    for (int row = from; row < to; row++) {
      for (int column = 0; column < columns.size(); column++) {
        Lanes.set(columns.get(column).row(row), Lanes.get(number(row, column)));
      }
    }
  }

  /** Sums up the squares of some rows. */
  void sumSquares(int from, int to) {
    for (int row = from; row < to; row++) {
      long address = side.factors.row(row);
      Lanes.set(
          number(row, RowNumbers.SQUARES), Rows.dot(address, address, side.factors.rowBytes()));
    }
  }
}
