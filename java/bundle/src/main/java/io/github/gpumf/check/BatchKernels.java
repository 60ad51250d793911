package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.A;
import static io.github.gpumf.check.KernelBench.B;
import static io.github.gpumf.check.KernelBench.EPSILON;
import static io.github.gpumf.check.KernelBench.NULL;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.BatchLayout;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernels of a step on a batch: each launch another batch of the window.
 *
 * @param bench to time with
 * @param t to time on
 */
record BatchKernels(KernelBench bench, KernelTables t) {
  /** Of the batch, among the arguments of all of them. */
  private static final int BATCH = 1;

  /** Times all of them. */
  void time() {
    LaunchShape groups = bench.launches().groups(t.batchSize, t.group);
    errors(groups);
    totals(groups.gridX());
    gradients();
    atomicGradient();
    for (UpdateKernels rule : UpdateKernels.ALL) {
      rows(rule);
      elements(rule);
    }
    accumulatorRows();
  }

  private void time(String file, String name, Load load, int group, Object... arguments) {
    LaunchShape shape = bench.launches().positions(t.batchSize, group);
    bench.timeBatches(BATCH, t::batch, file, name, load, shape, arguments);
  }

  private String size(String of) {
    return t.size(t.batchSize, "a batch" + of);
  }

  private void errors(LaunchShape groups) {
    bench.timeBatches(
        BATCH,
        t::batch,
        "predictions",
        "batch_errors",
        new Load(size(""), t.k, t.bytesOfErrors()),
        groups,
        t.stop,
        NULL,
        t.users.factors(),
        t.items.factors(),
        t.vectors,
        t.group,
        t.users.bias(),
        t.items.bias(),
        NULL,
        3f,
        t.users.rowAt(),
        t.items.rowAt(),
        t.values,
        NULL,
        t.slopes,
        t.partials);
  }

  /** One block that adds up what the blocks of {@code batch_errors} left. */
  private void totals(int blocks) {
    bench.time(
        "totals",
        "batch_totals",
        new Load(size(""), 0, 24.0 * blocks),
        Launches.one(blocks),
        t.stop,
        t.batch(0),
        t.totals,
        t.partials,
        blocks,
        NULL,
        NULL,
        0,
        0.0,
        Double.MAX_VALUE,
        NULL);
  }

  /** Both sides, and the sums of rows that are added up in pieces. */
  private void gradients() {
    List<Object> arguments = new ArrayList<>(List.of(t.stop, NULL));
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
              side.carried()));
    }
    arguments.addAll(List.of(t.slopes, t.vectors, t.group, NULL, 0f, 0f));
    double bytes = t.bytesOfGradient(t.users) + t.bytesOfGradient(t.items);
    Launches launches = bench.launches();
    gradient("gradient_rows", bytes, launches.positions(t.batchSize, t.group), arguments);
    gradient(
        "gradient_sums",
        2.0 * t.bytesOfCarried(),
        launches.groups(BatchLayout.carried(t.batchSize), t.group),
        arguments);
  }

  private void gradient(String kernel, double bytes, LaunchShape shape, List<Object> arguments) {
    bench.timeBatches(
        BATCH,
        t::batch,
        "gradients",
        kernel,
        new Load(size(""), t.k, bytes),
        shape.withGridY(2),
        arguments.toArray());
  }

  /** Both sides, by atomics. */
  private void atomicGradient() {
    time(
        "gradients",
        "gradient_atomic",
        // A rating: two rows read and two added to, biases likewise, two indices and a slope.
        new Load(size(""), t.k, t.batchSize * (64.0 * t.vectors + 28)),
        t.group,
        t.stop,
        NULL,
        t.users.rowAt(),
        t.items.rowAt(),
        t.slopes,
        t.users.factors(),
        t.items.factors(),
        t.vectors,
        t.group,
        t.users.bias(),
        t.items.bias(),
        NULL,
        0f,
        0f,
        t.users.gradient(),
        t.items.gradient(),
        t.users.biasGradient(),
        t.items.biasGradient());
  }

  /** An optimizer on the items of a batch. */
  private void rows(UpdateKernels rule) {
    Side side = t.items;
    time(
        "optimizers",
        rule.name() + "_rows",
        new Load(size(", items"), t.k, t.bytesOfRows(side, rule.streams()) + 4.0 * t.batchSize),
        t.group,
        t.stop,
        NULL,
        side.sortedRows(),
        side.factors(),
        rule.first(side),
        side.second(),
        side.gradient(),
        t.vectors,
        t.group,
        0f,
        A,
        B,
        EPSILON);
  }

  /** An optimizer on the items' biases of a batch. */
  private void elements(UpdateKernels rule) {
    Side side = t.items;
    double bytes = side.distinctInBatch() * rule.streams() * 4 + 4.0 * t.batchSize;
    time(
        "optimizers",
        rule.name() + "_elements",
        new Load(size(", items"), 0, bytes),
        1,
        t.stop,
        NULL,
        side.sortedRows(),
        side.bias(),
        rule.biasFirst(side),
        side.biasSecond(),
        side.biasGradient(),
        A,
        B,
        EPSILON);
  }

  /** AdaGrad with an accumulator a row, on the items of a batch. */
  private void accumulatorRows() {
    Side side = t.items;
    double bytes = t.bytesOfRows(side, 4) + 8 * side.distinctInBatch() + 4.0 * t.batchSize;
    time(
        "optimizers",
        "adagrad_row_rows",
        new Load(size(", items"), t.k, bytes),
        t.group,
        t.stop,
        NULL,
        side.sortedRows(),
        side.factors(),
        side.second(),
        side.gradient(),
        t.vectors,
        t.k,
        t.group,
        0f,
        EPSILON);
  }
}
