package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Users or items: some consecutive columns of their factors with the optimizer's slots, and their
 * biases or not.
 */
final class Side {
  final PaddedTable factors;
  final @Nullable PaddedTable bias;
  final List<PaddedTable> factorSlots = new ArrayList<>();
  final List<PaddedTable> biasSlots = new ArrayList<>();

  /** The first of the columns. */
  private final int column;

  /** Which row of the weights stands where, or null if all stand where they are in the weights. */
  private final int @Nullable [] order;

  /** The inverse of {@link #order}. */
  private final int @Nullable [] places;

  private Side(
      TrainingState start,
      Function<Weights, FloatTable> factorsOf,
      Function<Weights, @Nullable FloatTable> biasOf,
      Range columns,
      int @Nullable [] order,
      Arena arena) {
    column = columns.from;
    this.order = order;
    places = order == null ? null : inverse(order);
    FloatTable startFactors = factorsOf.apply(start.weights());
    factors = rows(startFactors, columns, arena);
    FloatTable startBias = biasOf.apply(start.weights());
    bias = startBias == null ? null : column(startBias, arena);
    for (Weights slot : start.slots()) {
      FloatTable slotFactors = factorsOf.apply(slot);
      // One number a row, unless it is k = 1 and the optimizer has a number for every factor: then
      // the two are the same, and rows of one factor are padded like all rows of factors.
      boolean accumulator = slotFactors.columns() < startFactors.columns();
      factorSlots.add(accumulator ? column(slotFactors, arena) : rows(slotFactors, columns, arena));
      if (bias != null) {
        biasSlots.add(column(Objects.requireNonNull(biasOf.apply(slot)), arena));
      }
    }
  }

  /** Columns {@code from} to {@code to - 1}. */
  record Range(int from, int to) {}

  /**
   * The users of a state.
   *
   * @param biases whether it has the biases too, if there are any
   * @param order which row stands where, or null
   */
  static Side users(
      TrainingState start, Range columns, boolean biases, int @Nullable [] order, Arena arena) {
    return new Side(
        start,
        Weights::userFactors,
        biases ? Weights::userBias : none -> null,
        columns,
        order,
        arena);
  }

  /** The items of a state; see {@link #users}. */
  static Side items(
      TrainingState start, Range columns, boolean biases, int @Nullable [] order, Arena arena) {
    return new Side(
        start,
        Weights::itemFactors,
        biases ? Weights::itemBias : none -> null,
        columns,
        order,
        arena);
  }

  private static int[] inverse(int[] order) {
    int[] places = new int[order.length];
    for (int place = 0; place < order.length; place++) {
      places[order[place]] = place;
    }
    return places;
  }

  private PaddedTable rows(FloatTable table, Range columns, Arena arena) {
    PaddedTable padded = PaddedTable.ofRows(table.rows(), columns.to - columns.from, arena);
    padded.copyFrom(table, order, column);
    return padded;
  }

  private PaddedTable column(FloatTable table, Arena arena) {
    PaddedTable padded = PaddedTable.ofColumn(table.rows(), arena);
    padded.copyFrom(table, order, 0);
    return padded;
  }

  int rows() {
    return (int) factors.rows();
  }

  /** Where a row of the weights stands. */
  int place(int row) {
    return places == null ? row : places[row];
  }

  /** The address of the biases, or 0. */
  long biases() {
    return bias == null ? 0 : bias.row(0);
  }

  /** The bias at a place, or 0. */
  float bias(int place) {
    return bias == null ? 0 : Lanes.get(bias.row(place));
  }

  /** The address of a place's numbers in a slot of the factors; 0 if there is no such slot. */
  long factorSlot(int slot, long place) {
    return slot < factorSlots.size() ? factorSlots.get(slot).row(place) : 0;
  }

  /** The address of a place's number in a slot of the biases; 0 if there is no such slot. */
  long biasSlot(int slot, long place) {
    return slot < biasSlots.size() ? biasSlots.get(slot).row(place) : 0;
  }

  /** Whether the weights at places {@code from} to {@code to - 1} are finite. */
  boolean isFinite(int from, int to) {
    return factors.isFinite(from, to) && (bias == null || bias.isFinite(from, to));
  }

  /** All of its tables. */
  List<PaddedTable> tables() {
    List<PaddedTable> tables = new ArrayList<>(factorSlots);
    tables.add(factors);
    tables.addAll(biasSlots);
    if (bias != null) {
      tables.add(bias);
    }
    return tables;
  }

  /** Copies the weights at places {@code from} to {@code to - 1} to where they belong. */
  void copyWeightsTo(FloatTable factorTable, @Nullable FloatTable biasTable, int from, int to) {
    copyTo(factors, bias, factorTable, biasTable, from, to);
  }

  void copySlotTo(int slot, FloatTable factorTable, @Nullable FloatTable biasTable) {
    PaddedTable ofBias = bias == null ? null : biasSlots.get(slot);
    copyTo(factorSlots.get(slot), ofBias, factorTable, biasTable, 0, rows());
  }

  private void copyTo(
      PaddedTable source,
      @Nullable PaddedTable biasSource,
      FloatTable factorTable,
      @Nullable FloatTable biasTable,
      int from,
      int to) {
    source.copyTo(factorTable, order, column, from, to);
    if (biasSource != null) {
      biasSource.copyTo(Objects.requireNonNull(biasTable), order, 0, from, to);
    }
  }
}
