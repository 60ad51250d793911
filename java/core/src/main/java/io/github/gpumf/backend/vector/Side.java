package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Users or items: their tables with the optimizer's slots, and the rows of the current batch.
 *
 * <p>Where every row moves in every step (Adam, Keras' L2), a row outside the batch moves by a
 * gradient of its shrinkage alone.
 */
final class Side {
  /**
   * Biases moved in one call, which counts their bytes in an int: one thread alone may be given all
   * rows of a table at once. A multiple of the lanes of any machine.
   */
  private static final int MOST_BIASES = 1 << 20;

  final PaddedTable factors;
  final @Nullable PaddedTable bias;
  final BatchIndex index;

  /** The row of each position of the batch. */
  final int[] rowAt;

  private final List<PaddedTable> factorSlots = new ArrayList<>();
  private final List<PaddedTable> biasSlots = new ArrayList<>();
  private final @Nullable PaddedTable biasGradients;

  /** For each row the step after which its numbers are; they may be behind with a deferred Adam. */
  private final long[] steps;

  Side(
      TrainingState start,
      Function<Weights, FloatTable> factorsOf,
      Function<Weights, @Nullable FloatTable> biasOf,
      int batchSize,
      Arena arena) {
    factors = rows(factorsOf.apply(start.weights()), arena);
    FloatTable startBias = biasOf.apply(start.weights());
    bias = startBias == null ? null : column(startBias, arena);
    biasGradients = bias == null ? null : PaddedTable.ofColumn(bias.rows(), arena);
    for (Weights slot : start.slots()) {
      FloatTable slotFactors = factorsOf.apply(slot);
      // One number a row, unless it is k = 1 and the optimizer has a number for every factor: then
      // the two are the same, and rows of one factor are padded like all rows of factors.
      boolean accumulator = slotFactors.columns() < factors.columns();
      factorSlots.add(accumulator ? column(slotFactors, arena) : rows(slotFactors, arena));
      if (bias != null) {
        biasSlots.add(column(Objects.requireNonNull(biasOf.apply(slot)), arena));
      }
    }
    index = new BatchIndex((int) factors.rows(), batchSize);
    rowAt = new int[batchSize];
    steps = new long[(int) factors.rows()];
    Arrays.fill(steps, start.step());
  }

  private static PaddedTable rows(FloatTable table, Arena arena) {
    PaddedTable padded = PaddedTable.ofRows(table.rows(), table.columns(), arena);
    padded.copyFrom(table);
    return padded;
  }

  private static PaddedTable column(FloatTable table, Arena arena) {
    PaddedTable padded = PaddedTable.ofColumn(table.rows(), arena);
    padded.copyFrom(table);
    return padded;
  }

  int rows() {
    return (int) factors.rows();
  }

  /** The bias of a row, or 0. */
  float bias(int row) {
    return bias == null ? 0 : Lanes.get(bias.row(row));
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
        slot(factorSlots, 0, row),
        slot(factorSlots, 1, row),
        gradient,
        factors.rowBytes(),
        factors.columns());
  }

  /** Moves the bias of one row along the gradient left for it. */
  void moveBias(RowUpdate update, int row) {
    if (bias != null && biasGradients != null) {
      update.moveElement(
          bias.row(row),
          slot(biasSlots, 0, row),
          slot(biasSlots, 1, row),
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
            slot(biasSlots, 0, start),
            slot(biasSlots, 1, start),
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
          slot(factorSlots, 0, row),
          slot(factorSlots, 1, row),
          factors.rowBytes(),
          bias == null ? 0 : bias.row(row),
          slot(biasSlots, 0, row),
          slot(biasSlots, 1, row));
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
    return new Saved(tables().stream().map(table -> table.save(owner)).toList(), steps.clone());
  }

  void restore(Saved saved) {
    for (int table = 0; table < saved.tables.size(); table++) {
      tables().get(table).restore(saved.tables.get(table));
    }
    System.arraycopy(saved.steps, 0, steps, 0, steps.length);
  }

  private List<PaddedTable> tables() {
    List<PaddedTable> tables = new ArrayList<>(factorSlots);
    tables.add(factors);
    tables.addAll(biasSlots);
    if (bias != null) {
      tables.add(bias);
    }
    return tables;
  }

  private static long slot(List<PaddedTable> slots, int slot, long row) {
    return slot < slots.size() ? slots.get(slot).row(row) : 0;
  }

  void copyWeightsTo(FloatTable factorTable, @Nullable FloatTable biasTable) {
    factors.copyTo(factorTable);
    if (bias != null) {
      bias.copyTo(Objects.requireNonNull(biasTable));
    }
  }

  void copySlotTo(int slot, FloatTable factorTable, @Nullable FloatTable biasTable) {
    factorSlots.get(slot).copyTo(factorTable);
    if (bias != null) {
      biasSlots.get(slot).copyTo(Objects.requireNonNull(biasTable));
    }
  }
}
