package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.Locale;

/** Kernels of an update a rating. */
final class RatingKernels {
  /** Neighbouring ratings that a group takes. */
  private static final int PER_GROUP = 8;

  private final KernelBench bench;
  private final KernelTables t;
  private final Shape shape;

  RatingKernels(KernelBench bench, KernelTables tables, Shape shape) {
    this.bench = bench;
    t = tables;
    this.shape = shape;
  }

  /** Times all of them. */
  void time() {
    int perLane = Integer.highestOneBit(Math.max(1, 2 * Math.ceilDiv(t.vectors, t.group) - 1));
    // Bytes a rating, as in ratings.cu: rows and an optimizer's numbers each way.
    ratings("sgd_ratings_" + perLane, 4.0 * 16 * t.vectors + 32);
    ratings("adagrad_row_ratings_" + perLane, 4.0 * 16 * t.vectors + 48);
    ratings("adagrad_ratings_" + perLane, 8.0 * 16 * t.vectors + 48);
    ratings("lazy_adam_ratings_" + perLane, 12.0 * 16 * t.vectors + 64);
  }

  private void ratings(String name, double perRating) {
    Side users = t.users;
    Side items = t.items;
    KernelCall call =
        bench
            .kernel("ratings", name)
            .call(
                users.factors(),
                KernelBench.firstSlot(name, users),
                users.second(),
                users.bias(),
                users.biasFirst(),
                users.biasSecond(),
                items.factors(),
                KernelBench.firstSlot(name, items),
                items.second(),
                items.bias(),
                items.biasFirst(),
                items.biasSecond(),
                t.vectors,
                t.k,
                t.group,
                3f,
                users.rowAt(),
                items.rowAt(),
                t.values,
                KernelBench.NULL,
                0L,
                (long) t.positions,
                PER_GROUP,
                KernelBench.RATE,
                KernelBench.A,
                KernelBench.B,
                KernelBench.EPSILON,
                0f,
                0f,
                t.partials);
    LaunchShape groups = bench.launches().groups(Math.ceilDiv(t.positions, PER_GROUP), t.group);
    bench.time(
        name,
        String.format(Locale.ROOT, "%s, %,d ratings", shape.name(), t.positions),
        t.k,
        t.positions * perRating,
        call,
        groups);
  }
}
