package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Locale;

/** The kernels of a step on a batch: each launch another batch of the window. */
final class BatchKernels {
  /** Where a batch begins, among the arguments of all of them. */
  private static final int START = 1;

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
    gradient(size, "users", t.users, t.items);
    gradient(size, "items", t.items, t.users);
    rows(size, "adam", 8);
    rows(size, "adagrad", 6);
    rows(size, "sgd", 4);
    accumulatorRows(size);
    elements(size);
  }

  private void gradient(String size, String name, Side own, Side other) {
    KernelCall call =
        bench
            .kernel("gradients", "gradient_rows")
            .call(
                t.stop,
                0,
                t.batchSize,
                2f / t.batchSize,
                own.sortedRows(),
                own.sortedPositions(),
                other.rowAt(),
                t.slopes,
                own.factors(),
                other.factors(),
                t.vectors,
                t.group,
                own.bias(),
                KernelBench.NULL,
                0f,
                0f,
                own.gradient(),
                own.biasGradient());
    LaunchShape shape = bench.launches().groups(t.batchSize, t.group);
    // A rating: the other row, two places of the index, the other's index and a slope. A row: read
    // and written.
    double bytes = t.batchSize * (16.0 * t.vectors + 16) + own.distinctInBatch() * 32 * t.vectors;
    bench.time(
        "gradient_rows",
        size + ", " + name,
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
