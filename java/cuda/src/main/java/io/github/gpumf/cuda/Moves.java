package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which kernels of {@code optimizers.cu} move the tables of a training, and with what. */
final class Moves {
  private static final String FILE = "optimizers";

  /** Of a launch. */
  private static final int MOST_TABLES = 4;

  /** No blocks, and nothing for them to do. */
  private static final List<Object> NO_TABLE =
      List.of(
          0,
          Arguments.NULL,
          Arguments.NULL,
          Arguments.NULL,
          Arguments.NULL,
          0L,
          0f,
          Arguments.NULL);

  private final UpdateRule rule;
  private final boolean everyRow;
  private final int batchSize;
  private final float l2x2;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceBuffer stop;

  /**
   * Decides how far a step reaches.
   *
   * @param stop as in rows.cuh
   */
  Moves(
      UpdateRule rule, TrainingShape shape, Kernels kernels, Launches launches, DeviceBuffer stop) {
    this.rule = rule;
    this.kernels = kernels;
    this.launches = launches;
    this.stop = stop;
    everyRow = UpdateRule.movesEveryRow(shape);
    batchSize = shape.largestBatch();
    l2x2 = (float) (2 * shape.spec().l2());
  }

  /** Whether {@link #factors} leaves the squares of the moved weights. */
  boolean leavesSquares() {
    return moveWholeTables();
  }

  /** Blocks in which it leaves them. */
  int squaresBlocks(DeviceTable table) {
    return Launches.each(table.allVectors()).gridX();
  }

  /**
   * Moves factors.
   *
   * @param k their number
   * @param sortedRows of the window
   * @param squares receives a double a block, if {@link #leavesSquares}; or null
   */
  BatchCall factors(
      Parameters parameters, int k, DeviceBuffer sortedRows, @Nullable DeviceBuffer squares) {
    DeviceTable weights = parameters.weights();
    if (!rule.byRow()) {
      return everyRow
          ? table(parameters, l2x2, squares)
          : rows(parameters, sortedRows, Launches.group(weights.vectors()));
    }
    int group = Launches.group(weights.vectors());
    DeviceBuffer sums = parameters.slots().getFirst().buffer();
    if (everyRow) {
      return new BatchCall(
          kernels
              .kernel(FILE, "adagrad_row_table")
              .call(
                  stop,
                  Arguments.NULL,
                  weights.buffer(),
                  sums,
                  parameters.gradient().buffer(),
                  weights.rows(),
                  weights.vectors(),
                  k,
                  group,
                  l2x2,
                  rule.epsilon()),
          launches.groups(weights.rows(), group));
    }
    return ofBatch(
        kernels
            .kernel(FILE, "adagrad_row_rows")
            .call(
                stop,
                Arguments.NULL,
                sortedRows,
                weights.buffer(),
                sums,
                parameters.gradient().buffer(),
                weights.vectors(),
                k,
                group,
                l2x2,
                rule.epsilon()),
        group);
  }

  /** Whether every table is moved as a whole, a number at a time: {@link #together} can do it. */
  boolean moveWholeTables() {
    return everyRow && !rule.byRow();
  }

  /**
   * Moves all tables in one launch.
   *
   * @param factors of users and of items
   * @param squaresOfUsers receives those of the moved factors, a double a block; or null
   * @param squaresOfItems likewise
   * @param others biases, or a Dense head
   */
  BatchCall together(
      List<Parameters> factors,
      @Nullable DeviceBuffer squaresOfUsers,
      @Nullable DeviceBuffer squaresOfItems,
      List<Parameters> others) {
    List<Object> arguments =
        new ArrayList<>(List.of(stop, Arguments.NULL, rule.a(), rule.b(), rule.epsilon()));
    int blocks = 0;
    for (int table = 0; table < MOST_TABLES; table++) {
      boolean ofFactors = table < factors.size();
      int other = table - factors.size();
      if (!ofFactors && other >= others.size()) {
        arguments.addAll(NO_TABLE);
        continue;
      }
      Parameters parameters = ofFactors ? factors.get(table) : others.get(other);
      long vectors = parameters.weights().allVectors();
      int own = Launches.each(vectors).gridX();
      blocks += own;
      arguments.addAll(
          List.of(
              own,
              parameters.weights().buffer(),
              parameters.slot(0),
              parameters.slot(1),
              parameters.gradient().buffer(),
              vectors,
              ofFactors ? l2x2 : 0f,
              ofFactors
                  ? Arguments.orNull(table == 0 ? squaresOfUsers : squaresOfItems)
                  : Arguments.NULL));
    }
    return new BatchCall(
        kernels.kernel(FILE, rule.kernel() + "_tables").call(arguments.toArray()),
        LaunchShape.of(blocks, Launches.THREADS));
  }

  /** Moves biases; Keras' L2 is of the factors alone. */
  BatchCall biases(Parameters parameters, DeviceBuffer sortedRows) {
    if (everyRow) {
      return table(parameters, 0, null);
    }
    return ofBatch(
        kernels
            .kernel(FILE, rule.kernel() + "_elements")
            .call(
                stop,
                Arguments.NULL,
                sortedRows,
                parameters.weights().buffer(),
                parameters.slot(0),
                parameters.slot(1),
                parameters.gradient().buffer(),
                rule.a(),
                rule.b(),
                rule.epsilon()),
        1);
  }

  /** Moves the two numbers of a Dense head, which every batch has a gradient for. */
  BatchCall dense(Parameters parameters) {
    return table(parameters, 0, null);
  }

  private BatchCall table(Parameters parameters, float pull, @Nullable DeviceBuffer squares) {
    DeviceTable weights = parameters.weights();
    return new BatchCall(
        kernels
            .kernel(FILE, rule.kernel() + "_table")
            .call(
                stop,
                Arguments.NULL,
                weights.buffer(),
                parameters.slot(0),
                parameters.slot(1),
                parameters.gradient().buffer(),
                weights.allVectors(),
                pull,
                rule.a(),
                rule.b(),
                rule.epsilon(),
                Arguments.orNull(squares)),
        Launches.each(weights.allVectors()));
  }

  private BatchCall rows(Parameters parameters, DeviceBuffer sortedRows, int group) {
    return ofBatch(
        kernels
            .kernel(FILE, rule.kernel() + "_rows")
            .call(
                stop,
                Arguments.NULL,
                sortedRows,
                parameters.weights().buffer(),
                parameters.slot(0),
                parameters.slot(1),
                parameters.gradient().buffer(),
                parameters.weights().vectors(),
                group,
                l2x2,
                rule.a(),
                rule.b(),
                rule.epsilon()),
        group);
  }

  private BatchCall ofBatch(KernelCall call, int group) {
    return new BatchCall(call, launches.positions(batchSize, group));
  }
}
