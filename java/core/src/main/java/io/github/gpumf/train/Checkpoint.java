package io.github.gpumf.train;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.io.InvalidSafetensorsException;
import io.github.gpumf.io.SafetensorsFile;
import io.github.gpumf.io.SafetensorsWriter;
import io.github.gpumf.io.Tensor;
import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.io.WeightTensors;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Optimizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A training after an epoch: all that the epochs to come depend on.
 *
 * @param identity what the training is, by name: two with equal identities take the same steps
 * @param state weights, optimizer slots and step
 * @param history one report an epoch so far, at least one
 * @param bestRmse lowest validation RMSE so far; infinite if there is none
 * @param bestEpoch its epoch; 0 if there is none
 * @param best weights of the best epoch, if they are to be restored at the end
 */
record Checkpoint(
    SequencedMap<String, String> identity,
    TrainingState state,
    List<EpochReport> history,
    double bestRmse,
    int bestEpoch,
    @Nullable Weights best) {
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final String FORMAT_KEY = "gpumf.format";
  private static final String FORMAT = "gpumf-checkpoint/1";
  private static final String IDENTITY = "identity.";
  private static final String HISTORY = "history";
  private static final String WEIGHTS = "weights.";
  private static final String BEST = "best.";

  /**
   * Numbers of an epoch's report in the tensor of the history; all of them are exact as doubles.
   */
  private static final int REPORT_COLUMNS = 7;

  int epoch() {
    return history.size();
  }

  /** Makes or replaces a file. */
  void write(Path file, Optimizer optimizer) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(FORMAT_KEY, FORMAT);
    identity.forEach((key, value) -> metadata.put(IDENTITY + key, value));
    metadata.put("step", Long.toString(state.step()));
    metadata.put("best_rmse", Double.toString(bestRmse));
    metadata.put("best_epoch", Integer.toString(bestEpoch));
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    WeightTensors.put(tensors, WEIGHTS, state.weights());
    List<String> slotNames = TrainingState.slotNames(optimizer);
    for (int slot = 0; slot < slotNames.size(); slot++) {
      WeightTensors.put(tensors, slotPrefix(slotNames.get(slot)), state.slots().get(slot));
    }
    if (best != null) {
      WeightTensors.put(tensors, BEST, best);
    }
    tensors.put(HISTORY, historyTensor());
    SafetensorsWriter.write(file, metadata, tensors);
  }

  private static String slotPrefix(String name) {
    return "optimizer." + name + ".";
  }

  private Tensor historyTensor() {
    MemorySegment rows = Arena.ofAuto().allocate(DOUBLE, (long) history.size() * REPORT_COLUMNS);
    long at = 0;
    for (EpochReport report : history) {
      for (double value :
          new double[] {
            report.epoch(),
            report.loss(),
            report.trainingRmse(),
            report.validationRmse().orElse(Double.NaN),
            report.learningRate(),
            report.ratings(),
            report.seconds()
          }) {
        rows.setAtIndex(DOUBLE, at++, value);
      }
    }
    return Tensor.of(ElementType.F64, rows, history.size(), REPORT_COLUMNS);
  }

  /**
   * Reads the identity of a checkpoint's training.
   *
   * @throws InvalidSafetensorsException if the file is not a checkpoint of this version
   */
  static SequencedMap<String, String> identity(SafetensorsFile file)
      throws InvalidSafetensorsException {
    if (!file.isChecked() || !file.metadata(FORMAT_KEY).equals(FORMAT)) {
      throw new InvalidSafetensorsException(
          file.path(),
          "is not a checkpoint of this version of GpuMf: its format is "
              + file.metadata(FORMAT_KEY)
              + ", expected "
              + FORMAT
              + " with a checksum");
    }
    SequencedMap<String, String> identity = new TreeMap<>();
    file.metadata()
        .forEach(
            (key, value) -> {
              if (key.startsWith(IDENTITY)) {
                identity.put(key.substring(IDENTITY.length()), value);
              }
            });
    return identity;
  }

  /**
   * Reads a checkpoint.
   *
   * @param validated whether the training measures validation ratings
   * @return a copy, independent of the file
   * @throws InvalidSafetensorsException if the file is not a checkpoint of such a training
   */
  static Checkpoint read(
      SafetensorsFile file, Mf spec, Optimizer optimizer, int users, int items, boolean validated)
      throws InvalidSafetensorsException {
    Arena arena = Arena.ofAuto();
    Weights weights =
        WeightTensors.get(file, WEIGHTS, spec.head(), users, items, spec.factors()).copy(arena);
    int slotColumns = TrainingState.slotColumns(optimizer, spec.factors());
    List<Weights> slots = new ArrayList<>();
    for (String name : TrainingState.slotNames(optimizer)) {
      slots.add(
          WeightTensors.get(file, slotPrefix(name), spec.head(), users, items, slotColumns)
              .copy(arena));
    }
    boolean hasBest = file.tensors().keySet().stream().anyMatch(name -> name.startsWith(BEST));
    Weights best =
        hasBest
            ? WeightTensors.get(file, BEST, spec.head(), users, items, spec.factors()).copy(arena)
            : null;
    return new Checkpoint(
        identity(file),
        new TrainingState(weights, slots, Long.parseLong(file.metadata("step"))),
        history(file, validated),
        Double.parseDouble(file.metadata("best_rmse")),
        Integer.parseInt(file.metadata("best_epoch")),
        best);
  }

  private static List<EpochReport> history(SafetensorsFile file, boolean validated)
      throws InvalidSafetensorsException {
    long epochs = file.tensor(HISTORY).data().byteSize() / (REPORT_COLUMNS * Double.BYTES);
    MemorySegment rows = file.data(HISTORY, ElementType.F64, epochs, REPORT_COLUMNS);
    List<EpochReport> history = new ArrayList<>();
    for (long at = 0; at < epochs * REPORT_COLUMNS; at += REPORT_COLUMNS) {
      double validationRmse = rows.getAtIndex(DOUBLE, at + 3);
      history.add(
          new EpochReport(
              (int) rows.getAtIndex(DOUBLE, at),
              rows.getAtIndex(DOUBLE, at + 1),
              rows.getAtIndex(DOUBLE, at + 2),
              validated ? OptionalDouble.of(validationRmse) : OptionalDouble.empty(),
              rows.getAtIndex(DOUBLE, at + 4),
              (long) rows.getAtIndex(DOUBLE, at + 5),
              rows.getAtIndex(DOUBLE, at + 6)));
    }
    return history;
  }
}
