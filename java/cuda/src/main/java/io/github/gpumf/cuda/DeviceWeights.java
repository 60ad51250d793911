package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a model on the device: its weights or a copy of them, their gradients, or one of
 * the optimizer's numbers for each of them.
 *
 * @param userFactors users x k
 * @param itemFactors items x k
 * @param userBias a number a user, or null with a Dense head
 * @param itemBias a number an item, or null with a Dense head
 * @param dense kernel and bias of a Dense head, or null with biases
 */
record DeviceWeights(
    DeviceTable userFactors,
    DeviceTable itemFactors,
    @Nullable DeviceTable userBias,
    @Nullable DeviceTable itemBias,
    @Nullable DeviceTable dense) {

  /** Zeros of the shape of weights on the host. */
  static DeviceWeights zeros(Weights like, DeviceArena arena) {
    return zeros(like, Precision.SINGLE, arena);
  }

  /** The same with factors that are stored so. */
  static DeviceWeights zeros(Weights like, Precision precision, DeviceArena arena) {
    return zeros(
        like,
        rows(like.userFactors(), precision, arena),
        rows(like.itemFactors(), precision, arena),
        arena);
  }

  /** Zeros of the shape of a slot that has one number a row of factors. */
  static DeviceWeights zerosByRow(Weights like, DeviceArena arena) {
    return zeros(
        like,
        DeviceTable.ofColumn(like.userFactors().rows(), arena),
        DeviceTable.ofColumn(like.itemFactors().rows(), arena),
        arena);
  }

  private static DeviceWeights zeros(
      Weights like, DeviceTable userFactors, DeviceTable itemFactors, DeviceArena arena) {
    FloatTable userBias = like.userBias();
    FloatTable itemBias = like.itemBias();
    FloatTable dense = like.dense();
    return new DeviceWeights(
        userFactors,
        itemFactors,
        userBias == null ? null : DeviceTable.ofColumn(userBias.rows(), arena),
        itemBias == null ? null : DeviceTable.ofColumn(itemBias.rows(), arena),
        dense == null ? null : rows(dense, Precision.SINGLE, arena));
  }

  private static DeviceTable rows(FloatTable table, Precision precision, DeviceArena arena) {
    return DeviceTable.ofRows(table.rows(), table.columns(), precision, arena);
  }

  /** Those that there are. */
  List<DeviceTable> tables() {
    List<DeviceTable> tables = new ArrayList<>(List.of(userFactors, itemFactors));
    if (userBias != null && itemBias != null) {
      tables.add(userBias);
      tables.add(itemBias);
    }
    if (dense != null) {
      tables.add(dense);
    }
    return tables;
  }

  /** Of all tables on the device. */
  long bytes() {
    return tables().stream().mapToLong(table -> table.buffer().size()).sum();
  }

  /** In the order of {@link #tables}. */
  static List<FloatTable> tables(Weights weights) {
    List<FloatTable> tables =
        new ArrayList<>(List.of(weights.userFactors(), weights.itemFactors()));
    if (weights.dense() != null) {
      tables.add(weights.dense());
    } else {
      tables.add(Objects.requireNonNull(weights.userBias()));
      tables.add(Objects.requireNonNull(weights.itemBias()));
    }
    return tables;
  }

  /** The host's memory must stay as it is until the stream has come so far. */
  void copyFrom(Weights host, Stream stream) {
    List<FloatTable> sources = tables(host);
    List<DeviceTable> targets = tables();
    for (int table = 0; table < targets.size(); table++) {
      targets.get(table).copyFrom(sources.get(table), stream);
    }
  }

  /** The numbers are there when the stream has come so far. */
  void copyTo(Weights host, Stream stream) {
    List<FloatTable> targets = tables(host);
    List<DeviceTable> sources = tables();
    for (int table = 0; table < sources.size(); table++) {
      sources.get(table).copyTo(targets.get(table), stream);
    }
  }

  /** Copies all tables on the device. */
  void copyFrom(DeviceWeights other, Stream stream) {
    List<DeviceTable> targets = tables();
    for (int table = 0; table < targets.size(); table++) {
      targets.get(table).buffer().copyFrom(other.tables().get(table).buffer(), stream);
    }
  }
}
