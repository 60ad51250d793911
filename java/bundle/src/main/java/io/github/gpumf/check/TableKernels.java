package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Locale;

/** Kernels that go over a whole table. */
final class TableKernels {
  private final KernelBench bench;
  private final KernelTables t;
  private final Shape shape;

  TableKernels(KernelBench bench, KernelTables tables, Shape shape) {
    this.bench = bench;
    t = tables;
    this.shape = shape;
  }

  /** Times all of them. */
  void time() {
    Side side = t.users;
    String size = String.format(Locale.ROOT, "%s, %,d users", shape.name(), side.rows());
    long vectors = (long) side.rows() * t.vectors;
    double bytes = 16.0 * vectors;
    LaunchShape items = bench.launches().items(vectors);
    table(size, "adam", 8, items);
    table(size, "adagrad", 6, items);
    table(size, "sgd", 4, items);
    KernelCall squares =
        bench.kernel("optimizers", "sum_of_squares").call(side.factors(), vectors, t.partials);
    bench.time("sum_of_squares", size, t.k, bytes, squares, items);
    KernelCall finite =
        bench.kernel("optimizers", "find_not_finite").call(side.factors(), vectors, t.notFinite);
    bench.time("find_not_finite", size, t.k, bytes, finite, items);
    KernelCall initial =
        bench
            .kernel("initial", "initial_factors")
            .call(side.gradient(), (long) side.rows(), t.k, t.vectors * 4, 0f, 0f, 1L, 1L);
    LaunchShape blocks = bench.launches().items(Math.ceilDiv((long) side.rows() * t.k, 4L));
    bench.time("initial_factors", size, t.k, bytes, initial, blocks);
  }

  private void table(String size, String rule, int streams, LaunchShape shape) {
    Side side = t.users;
    long vectors = (long) side.rows() * t.vectors;
    KernelCall call =
        bench
            .kernel("optimizers", rule + "_table")
            .call(
                t.stop,
                KernelBench.RATE,
                side.factors(),
                KernelBench.firstSlot(rule, side),
                side.second(),
                side.gradient(),
                vectors,
                0f,
                KernelBench.A,
                KernelBench.B,
                KernelBench.EPSILON,
                KernelBench.NULL);
    bench.time(rule + "_table", size, t.k, streams * 16.0 * vectors, call, shape);
  }
}
