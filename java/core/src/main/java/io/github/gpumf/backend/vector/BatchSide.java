package io.github.gpumf.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Users or items, and the rows of the current batch.
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
  final BatchIndex index;

  /** The row of each position of the batch. */
  final int[] rowAt;

  private final Side side;
  private final @Nullable PaddedTable bias;
  private final @Nullable PaddedTable biasGradients;

  /** For each row the step after which its numbers are; they may be behind with a deferred Adam. */
  private final long[] steps;

  BatchSide(Side side, int batchSize, long step, Arena arena) {
    this.side = side;
    factors = side.factors;
    bias = side.bias;
    biasGradients = bias == null ? null : PaddedTable.ofColumn(bias.rows(), arena);
    index = new BatchIndex(side.rows(), batchSize);
    rowAt = new int[batchSize];
    steps = new long[side.rows()];
    Arrays.fill(steps, step);
  }

  int rows() {
    return side.rows();
  }

  /** The bias of a row, or 0. */
  float bias(int row) {
    return side.bias(row);
  }

  /** Leaves a bias's gradient for {@link #moveBias} or {@link #moveBiases}. */
  void biasGradient(int row, float gradient) {
    if (biasGradients != null) {
      Lanes.set(biasGradients.row(row), gradient);
    }
  }

  /** Moves a row of factors along a padded gradient. */
  void moveFactors(RowUpdate update, int row, long gradient) {
    update.moveRow(
        factors.row(row),
        side.factorSlot(0, row),
        side.factorSlot(1, row),
        gradient,
        factors.rowBytes(),
        factors.columns());
  }

  /** Moves the bias of one row along the gradient left for it. */
  void moveBias(RowUpdate update, int row) {
    if (bias != null && biasGradients != null) {
      update.moveElement(
          bias.row(row),
          side.biasSlot(0, row),
          side.biasSlot(1, row),
          Lanes.get(biasGradients.row(row)));
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
      }
    }
  }

  /** Moves a row, and its bias, over the steps that it has rested. */
  void catchUp(DeferredAdam adam, int row, long step) {
    if (steps[row] < step) {
      adam.catchUp(
          steps[row],
          step,
          factors.row(row),
          side.factorSlot(0, row),
          side.factorSlot(1, row),
          bias == null ? 0 : bias.row(row),
          side.biasSlot(0, row),
          side.biasSlot(1, row));
      steps[row] = step;
    }
  }

  /** Notes that a row has made a step. */
  void moved(int row, long step) {
    steps[row] = step;
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
