package io.github.gpumf.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Users or items, and how far each row has come. Methods that are given some rows take them as
 * {@code rows[from]} to {@code rows[to - 1]}, and what belongs to them from the beginning of other
 * arrays.
 *
 * <p>Where every row moves in every step (Adam, Keras' L2), a row outside the batch moves by a
 * gradient of its shrinkage alone.
 */
final class BatchSide {
  /**
   * Biases moved in one call, which counts their bytes in an int: one thread alone may be given all
   * rows of a table at once. A multiple of the lanes of any machine.
   */
  private static final int MOST_BIASES = 1 << 20;

  final PaddedTable factors;

  private final Side side;
  private final @Nullable PaddedTable bias;
  private final @Nullable PaddedTable biasGradients;

  /** For each row the step after which its numbers are; they may be behind with a deferred Adam. */
  private final long[] steps;

  BatchSide(Side side, long step, boolean everyRow, Arena arena) {
    this.side = side;
    factors = side.factors;
    bias = side.bias;
    biasGradients = bias == null || !everyRow ? null : PaddedTable.ofColumn(bias.rows(), arena);
    steps = new long[side.rows()];
    Arrays.fill(steps, step);
  }

  int rows() {
    return side.rows();
  }

  /** The address of the biases, or 0. */
  long biases() {
    return side.biases();
  }

  Side side() {
    return side;
  }

  /** Leaves gradients of biases for {@link #moveBiases}. */
  void leaveBiasGradients(int[] rows, int from, int to, float[] gradients) {
    for (int number = from; biasGradients != null && number < to; number++) {
      Lanes.set(biasGradients.row(rows[number]), gradients[number - from]);
    }
  }

  /** Moves rows of factors along padded gradients, one after the other. */
  void moveFactors(RowUpdate update, int[] rows, int from, int to, long gradients) {
    update.moveRows(side, rows, from, to, gradients);
  }

  /** Moves biases of some rows along gradients. */
  void moveBiases(RowUpdate update, int[] rows, int from, int to, float[] gradients) {
    if (bias == null) {
      return;
    }
    long weights = bias.row(0);
    long slot0 = side.biasSlot(0, 0);
    long slot1 = side.biasSlot(1, 0);
    for (int number = from; number < to; number++) {
      long at = (long) rows[number] * Float.BYTES;
      update.moveElement(weights + at, slot0 + at, slot1 + at, gradients[number - from]);
    }
  }

  /**
   * Moves the biases of rows {@code from} to {@code to - 1} along the gradients left for all of
   * them. Unless they are the last rows, their number is a multiple of the lanes.
   */
  void moveBiases(RowUpdate update, int from, int to) {
    if (bias != null && biasGradients != null) {
      for (long start = from; start < to; start += MOST_BIASES) {
        int count = (int) Math.min(MOST_BIASES, to - start);
        int vectors = (count + Lanes.COUNT - 1) / Lanes.COUNT;
        update.moveElements(
            bias.row(start),
            side.biasSlot(0, start),
            side.biasSlot(1, start),
            biasGradients.row(start),
            vectors * Lanes.BYTES);
        biasGradients.clear(start, count);
      }
    }
  }

  /** Finds those of some rows that have rested; they are taken to be caught up from then on. */
  void findRests(DeferredAdam adam, int[] rows, int from, int to, long step, Rests rests) {
    int count = 0;
    for (int number = from; number < to; number++) {
      int row = rows[number];
      int length = (int) (step - steps[row]);
      steps[row] = step;
      rests.rows[count] = row;
      rests.lengths[count] = length;
      count += -length >>> 31; // 1 if it has rested; a branch would often be foreseen wrongly
    }
    rests.count = count;
    rests.findNumbers(adam, step);
  }

  /** Moves rows of factors over the steps that they have rested. */
  void catchUpFactors(RowLoops loops, DeferredAdam adam, Rests rests) {
    loops.catchUp(
        rests, factors.row(0), side.factorSlot(0, 0), side.factorSlot(1, 0), adam.epsilon());
  }

  /** Moves biases over the steps that they have rested. */
  void catchUpBiases(DeferredAdam adam, Rests rests) {
    if (bias != null) {
      adam.catchUpNumbers(rests, bias.row(0), side.biasSlot(0, 0), side.biasSlot(1, 0));
    }
  }

  /** Whether a row has still to make a step to be where it shall be after it. */
  boolean rests(int row, long step) {
    return steps[row] < step;
  }

  /** Notes that some rows have made a step. */
  void moved(int[] rows, int from, int to, long step) {
    for (int number = from; number < to; number++) {
      steps[rows[number]] = step;
    }
  }

  /** What a look at current rows changes, to be put back after it. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares copies as values.
  record Saved(List<MemorySegment> tables, long[] steps) {}

  Saved save(Arena owner) {
    return new Saved(
        side.tables().stream().map(table -> table.save(owner)).toList(), steps.clone());
  }

  void restore(Saved saved) {
    for (int table = 0; table < saved.tables.size(); table++) {
      side.tables().get(table).restore(saved.tables.get(table));
    }
    System.arraycopy(saved.steps, 0, steps, 0, steps.length);
  }
}
