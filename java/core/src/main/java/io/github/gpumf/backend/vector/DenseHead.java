package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.FloatTable;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The two numbers of a Dense head, kernel and bias, with the optimizer's slots. */
final class DenseHead {
  private final PaddedTable weights;
  private final List<PaddedTable> slots;

  private DenseHead(PaddedTable weights, List<PaddedTable> slots) {
    this.weights = weights;
    this.slots = slots;
  }

  /** Returns null if the model has biases instead. */
  static @Nullable DenseHead of(TrainingState start, Arena arena) {
    FloatTable dense = start.weights().dense();
    if (dense == null) {
      return null;
    }
    return new DenseHead(
        copy(dense, arena),
        start.slots().stream()
            .map(slot -> copy(Objects.requireNonNull(slot.dense()), arena))
            .toList());
  }

  private static PaddedTable copy(FloatTable table, Arena arena) {
    PaddedTable copy = PaddedTable.ofRows(1, 2, arena);
    copy.copyFrom(table);
    return copy;
  }

  float kernel() {
    return Lanes.get(weights.row(0));
  }

  float bias() {
    return Lanes.get(weights.row(0) + Float.BYTES);
  }

  /** Moves both along the gradient of a batch whose slopes and dot products are known. */
  void move(RowUpdate update, Batch batch) {
    float[] slopes = batch.slopes[0];
    double kernelGradient = 0;
    double biasGradient = 0;
    for (int at = 0; at < batch.size; at++) {
      kernelGradient += (double) slopes[at] * batch.dot(at);
      biasGradient += slopes[at];
    }
    moveElement(update, 0, (float) kernelGradient);
    moveElement(update, Float.BYTES, (float) biasGradient);
  }

  private void moveElement(RowUpdate update, int offset, float gradient) {
    update.moveElement(weights.row(0) + offset, slot(0) + offset, slot(1) + offset, gradient);
  }

  private long slot(int slot) {
    return slot < slots.size() ? slots.get(slot).row(0) : 0;
  }

  boolean isFinite() {
    return weights.isFinite();
  }

  void copyWeightsTo(FloatTable table) {
    weights.copyTo(table);
  }

  void copySlotTo(int slot, FloatTable table) {
    slots.get(slot).copyTo(table);
  }
}
