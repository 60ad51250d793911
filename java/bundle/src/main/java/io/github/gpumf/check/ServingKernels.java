package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Locale;

/** Kernels of predictions and lists. */
final class ServingKernels {
  /** Users and items of a block of {@code score_items}. */
  private static final int SCORE_TILE = 64;

  private final KernelBench bench;
  private final KernelTables t;
  private final Shape shape;

  ServingKernels(KernelBench bench, KernelTables tables, Shape shape) {
    this.bench = bench;
    t = tables;
    this.shape = shape;
  }

  /** Times all of them. */
  void time() {
    String ratings = String.format(Locale.ROOT, "%s, %,d ratings", shape.name(), t.positions);
    KernelCall predict =
        bench
            .kernel("predictions", "predict")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.users.bias(),
                t.items.bias(),
                KernelBench.NULL,
                3f,
                t.users.rowAt(),
                t.items.rowAt(),
                (long) t.positions,
                t.slopes);
    LaunchShape each = bench.launches().items(t.positions);
    double rows = t.positions * (32.0 * t.vectors + 20);
    bench.time("predict", ratings, t.k, rows, predict, each);
    KernelCall errors =
        bench
            .kernel("predictions", "squared_errors")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.group,
                t.users.bias(),
                t.items.bias(),
                KernelBench.NULL,
                3f,
                1f,
                5f,
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                (long) t.positions,
                t.partials);
    LaunchShape groups = bench.launches().groups(t.positions, t.group);
    bench.time("squared_errors", ratings, t.k, rows, errors, groups);
    lists();
  }

  /** A tile of users' scores, and the best ten of each. */
  private void lists() {
    int itemCount = t.items.rows();
    int tile = Math.clamp((25L << 20) / (4L * itemCount), 1, 4_096);
    int users = Math.min(tile, t.positions);
    String size = String.format(Locale.ROOT, "%s, %,d users", shape.name(), users);
    double scoreBytes = 4.0 * users * itemCount;
    DeviceBuffer scores = t.zeros(4L * users * itemCount);
    KernelCall score =
        bench
            .kernel("top_items", "score_items")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.users.bias(),
                t.items.bias(),
                KernelBench.NULL,
                3f,
                t.users.rowAt(),
                users,
                itemCount,
                scores);
    LaunchShape tiles =
        new LaunchShape(
            Math.ceilDiv(itemCount, SCORE_TILE),
            Math.ceilDiv(users, SCORE_TILE),
            1,
            Launches.THREADS,
            1,
            1,
            0);
    bench.time(
        "score_items",
        size,
        t.k,
        scoreBytes + 16.0 * t.vectors * (users + itemCount),
        score,
        tiles);
    int count = Math.min(10, itemCount);
    KernelCall select =
        bench
            .kernel("top_items", "select_items")
            .call(
                scores,
                itemCount,
                count,
                t.zeros(4L * users * count),
                t.zeros(4L * users * count),
                t.zeros(4L * users));
    LaunchShape row = LaunchShape.of(users, Launches.THREADS);
    bench.time("select_items", size, t.k, scoreBytes, select, row);
  }
}
