package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.A;
import static io.github.gpumf.check.KernelBench.B;
import static io.github.gpumf.check.KernelBench.EPSILON;
import static io.github.gpumf.check.KernelBench.NULL;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Kernels that go over a whole table: that of the users, or all of them.
 *
 * @param bench to time with
 * @param t to time on
 */
record TableKernels(KernelBench bench, KernelTables t) {
  /** Times all of them. */
  void time() {
    Side side = t.users;
    long vectors = vectors(side);
    LaunchShape items = Launches.each(vectors);
    for (UpdateKernels rule : UpdateKernels.ALL) {
      bench.time(
          "optimizers",
          rule.name() + "_table",
          load(rule.streams()),
          items,
          t.stop,
          t.batch(0),
          side.factors(),
          rule.first(side),
          side.second(),
          side.gradient(),
          vectors,
          0f,
          A,
          B,
          EPSILON,
          NULL);
      allTables(rule);
    }
    bench.time(
        "optimizers",
        "adagrad_row_table",
        new Load(load(4).size(), t.k, load(4).bytes() + 8.0 * side.rows()),
        bench.launches().groups(side.rows(), t.group),
        t.stop,
        t.batch(0),
        side.factors(),
        side.second(),
        side.gradient(),
        (long) side.rows(),
        t.vectors,
        t.k,
        t.group,
        0f,
        EPSILON);
    bench.time("optimizers", "sum_of_squares", load(1), items, side.factors(), vectors, t.partials);
    int blocks = items.gridX();
    bench.time(
        "totals",
        "sum_partials",
        new Load(load(1).size(), 0, 8.0 * blocks),
        Launches.one(blocks),
        t.partials,
        blocks,
        t.totals);
    bench.time(
        "optimizers", "find_not_finite", load(1), items, side.factors(), vectors, t.notFinite);
    long ofHalves = side.halves().size() / 16;
    bench.time(
        "halves",
        "find_halves_not_finite",
        new Load(t.size(side.rows(), "users"), t.k, 16.0 * ofHalves),
        bench.launches().items(ofHalves),
        side.halves(),
        ofHalves,
        t.notFinite);
    bench.time(
        "initial",
        "initial_factors",
        load(1),
        bench.launches().items(Math.ceilDiv((long) side.rows() * t.k, 4L)),
        side.gradient(),
        (long) side.rows(),
        t.k,
        t.vectors * 4,
        0f,
        0f,
        1L,
        1L);
  }

  private long vectors(Side side) {
    return (long) side.rows() * t.vectors;
  }

  private Load load(int streams) {
    return new Load(t.size(t.users.rows(), "users"), t.k, 16.0 * streams * vectors(t.users));
  }

  /** Factors and biases of both sides in one launch. */
  private void allTables(UpdateKernels rule) {
    List<Object> arguments = new ArrayList<>();
    Collections.addAll(arguments, t.stop, t.batch(0), A, B, EPSILON);
    int blocks = 0;
    long allVectors = 0;
    for (Side side : List.of(t.users, t.items)) {
      blocks +=
          addTable(
              arguments,
              side.factors(),
              rule.first(side),
              side.second(),
              side.gradient(),
              vectors(side));
      allVectors += vectors(side);
    }
    for (Side side : List.of(t.users, t.items)) {
      long vectors = Math.ceilDiv(side.rows(), 4);
      blocks +=
          addTable(
              arguments,
              side.bias(),
              rule.biasFirst(side),
              side.biasSecond(),
              side.biasGradient(),
              vectors);
      allVectors += vectors;
    }
    bench.time(
        "optimizers",
        rule.name() + "_tables",
        new Load(
            t.size(t.users.rows() + t.items.rows(), "users and items"),
            t.k,
            16.0 * rule.streams() * allVectors),
        LaunchShape.of(blocks, Launches.THREADS),
        arguments.toArray());
  }

  /** Returns the table's blocks. */
  private int addTable(
      List<Object> arguments,
      DeviceBuffer weights,
      DeviceBuffer first,
      DeviceBuffer second,
      DeviceBuffer gradient,
      long vectors) {
    int blocks = Launches.each(vectors).gridX();
    Collections.addAll(arguments, blocks, weights, first, second, gradient, vectors, 0f, NULL);
    return blocks;
  }
}
