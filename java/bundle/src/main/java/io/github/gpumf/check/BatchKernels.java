package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The kernels of a step on a batch: each launch another batch of the window. */
final class BatchKernels {
  /** Where a batch begins, among the arguments of all of them. */
  private static final int START = 1;

  /** Ratings of a piece, in {@code gradients.cuh}. */
  private static final int PIECE = 32;

  private final KernelBench bench;
  private final KernelTables t;
  private final Shape shape;

  BatchKernels(KernelBench bench, KernelTables tables, Shape shape) {
    this.bench = bench;
    t = tables;
    this.shape = shape;
  }

  /** Times all of them. */
  void time() {
    String size = String.format(Locale.ROOT, "%s, batch %,d", shape.name(), t.batchSize);
    int rowBytes = 16 * t.vectors;
    float scale = 2f / t.batchSize;
    KernelCall errors =
        bench
            .kernel("predictions", "batch_errors")
            .call(
                t.stop,
                0,
                t.batchSize,
                scale,
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.group,
                t.users.bias(),
                t.items.bias(),
                KernelBench.NULL,
                3f,
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                KernelBench.NULL,
                t.slopes,
                t.partials);
    LaunchShape groups = bench.launches().groups(t.batchSize, t.group);
    // Two rows, two biases, two indices and a value read, a slope written.
    bench.time(
        "batch_errors",
        size,
        t.k,
        t.batchSize * (2.0 * rowBytes + 24),
        turn -> errors.set(START, t.start(turn)).launch(bench.stream(), groups));
    totals(size, groups.gridX());
    gradients(size);
    rows(size, "adam", 8);
    rows(size, "adagrad", 6);
    rows(size, "sgd", 4);
    accumulatorRows(size);
    elements(size);
  }

  /** Both sides, and the sums of rows that are added up in pieces. */
  private void gradients(String size) {
    List<Object> arguments = new ArrayList<>(List.of(t.stop, 0, t.batchSize, 2f / t.batchSize));
    double bytes = 0;
    for (Side side : List.of(t.users, t.items)) {
      arguments.addAll(
          List.of(
              side.sortedRows(),
              side.sortedPositions(),
              side.rowAt(),
              side.factors(),
              side.bias(),
              side.gradient(),
              side.biasGradient(),
              t.zeros(Math.ceilDiv(t.batchSize, PIECE) * bytesOfPiece())));
      // A rating: the other row, two places of the index, the other's index and a slope. A row:
      // read and written.
      bytes += t.batchSize * (16.0 * t.vectors + 16) + side.distinctInBatch() * 32 * t.vectors;
    }
    arguments.addAll(List.of(t.slopes, t.vectors, t.group, KernelBench.NULL, 0f, 0f));
    gradient("gradient_rows", size, bytes, t.batchSize, arguments);
    int pieces = Math.ceilDiv(t.batchSize, PIECE);
    gradient("gradient_sums", size, 2.0 * pieces * bytesOfPiece(), pieces, arguments);
  }

  private long bytesOfPiece() {
    return 16L * (t.vectors + 1);
  }

  private void gradient(
      String kernel, String size, double bytes, int groups, List<Object> arguments) {
    KernelCall call = bench.kernel("gradients", kernel).call(arguments.toArray());
    LaunchShape shape = bench.launches().groups(groups, t.group).withGridY(2);
    bench.time(
        kernel,
        size,
        t.k,
        bytes,
        turn -> call.set(START, t.start(turn)).launch(bench.stream(), shape));
  }

  /** An optimizer on the items of a batch. */
  private void rows(String size, String rule, int streams) {
    Side side = t.items;
    KernelCall call =
        bench
            .kernel("optimizers", rule + "_rows")
            .call(
                t.stop,
                0,
                t.batchSize,
                KernelBench.RATE,
                side.sortedRows(),
                side.factors(),
                KernelBench.firstSlot(rule, side),
                side.second(),
                side.gradient(),
                t.vectors,
                t.group,
                0f,
                KernelBench.A,
                KernelBench.B,
                KernelBench.EPSILON);
    LaunchShape shape = bench.launches().groups(t.batchSize, t.group);
    bench.time(
        rule + "_rows",
        size + ", items",
        t.k,
        side.distinctInBatch() * streams * 16 * t.vectors + 4.0 * t.batchSize,
        turn -> call.set(START, t.start(turn)).launch(bench.stream(), shape));
  }

  /** One block that adds up what the blocks of {@code batch_errors} left. */
  private void totals(String size, int blocks) {
    KernelCall call =
        bench
            .kernel("totals", "batch_totals")
            .call(
                t.stop,
                t.batchSize,
                0L,
                t.zeros(4L * Double.BYTES),
                t.partials,
                blocks,
                KernelBench.NULL,
                KernelBench.NULL,
                0,
                0.0,
                Double.MAX_VALUE,
                KernelBench.NULL);
    bench.time("batch_totals", size, 0, 24.0 * blocks, call, Launches.one(blocks));
  }

  /** AdaGrad with an accumulator a row, on the items of a batch. */
  private void accumulatorRows(String size) {
    Side side = t.items;
    KernelCall call =
        bench
            .kernel("optimizers", "adagrad_row_rows")
            .call(
                t.stop,
                0,
                t.batchSize,
                KernelBench.RATE,
                side.sortedRows(),
                side.factors(),
                side.second(),
                side.gradient(),
                t.vectors,
                t.k,
                t.group,
                0f,
                KernelBench.EPSILON);
    LaunchShape shape = bench.launches().groups(t.batchSize, t.group);
    bench.time(
        "adagrad_row_rows",
        size + ", items",
        t.k,
        side.distinctInBatch() * (4 * 16 * t.vectors + 8) + 4.0 * t.batchSize,
        turn -> call.set(START, t.start(turn)).launch(bench.stream(), shape));
  }

  /** Adam on the items' biases of a batch: four numbers each way. */
  private void elements(String size) {
    Side side = t.items;
    KernelCall call =
        bench
            .kernel("optimizers", "adam_elements")
            .call(
                t.stop,
                0,
                t.batchSize,
                KernelBench.RATE,
                side.sortedRows(),
                side.bias(),
                side.biasFirst(),
                side.biasSecond(),
                side.biasGradient(),
                KernelBench.A,
                KernelBench.B,
                KernelBench.EPSILON);
    LaunchShape shape = bench.launches().items(t.batchSize);
    bench.time(
        "adam_elements",
        size + ", items",
        0,
        side.distinctInBatch() * 8 * 4 + 4.0 * t.batchSize,
        turn -> call.set(START, t.start(turn)).launch(bench.stream(), shape));
  }
}
