package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.A;
import static io.github.gpumf.check.KernelBench.B;
import static io.github.gpumf.check.KernelBench.EPSILON;
import static io.github.gpumf.check.KernelBench.NULL;
import static io.github.gpumf.check.KernelBench.RATE;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.check.KernelTables.Side;

/**
 * Kernels of an update a rating.
 *
 * @param bench to time with
 * @param t to time on
 */
record RatingKernels(KernelBench bench, KernelTables t) {
  /** Neighbouring ratings that a group takes. */
  private static final int PER_GROUP = 8;

  /** Times all of them. */
  void time() {
    // Bytes a rating, as in ratings.cu: rows and an optimizer's numbers each way.
    ratings("sgd", 4.0 * 16 * t.vectors + 32);
    ratings("adagrad_row", 4.0 * 16 * t.vectors + 48);
    ratings("adagrad", 8.0 * 16 * t.vectors + 48);
    ratings("lazy_adam", 12.0 * 16 * t.vectors + 64);
  }

  private void ratings(String rule, double perRating) {
    int perLane = Integer.highestOneBit(Math.max(1, 2 * Math.ceilDiv(t.vectors, t.group) - 1));
    Side users = t.users;
    Side items = t.items;
    boolean adagrad = rule.startsWith("adagrad");
    bench.time(
        "ratings",
        rule + "_ratings_" + perLane,
        new Load(t.size(t.positions, "ratings"), t.k, t.positions * perRating),
        bench.launches().groups(Math.ceilDiv(t.positions, PER_GROUP), t.group),
        users.factors(),
        adagrad ? users.second() : users.first(),
        users.second(),
        users.bias(),
        adagrad ? users.biasSecond() : users.biasFirst(),
        users.biasSecond(),
        items.factors(),
        adagrad ? items.second() : items.first(),
        items.second(),
        items.bias(),
        adagrad ? items.biasSecond() : items.biasFirst(),
        items.biasSecond(),
        t.vectors,
        t.k,
        t.group,
        3f,
        users.rowAt(),
        items.rowAt(),
        t.values,
        NULL,
        0L,
        (long) t.positions,
        PER_GROUP,
        RATE,
        A,
        B,
        EPSILON,
        0f,
        0f,
        t.partials);
  }
}
