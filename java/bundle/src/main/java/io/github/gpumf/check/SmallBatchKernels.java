package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.A;
import static io.github.gpumf.check.KernelBench.B;
import static io.github.gpumf.check.KernelBench.EPSILON;
import static io.github.gpumf.check.KernelBench.NULL;
import static io.github.gpumf.check.KernelBench.RATE;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.cuda.BatchLayout;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Kernels that do a batch, or many, in one block. Here a launch is a batch, so that the floor is a
 * launch; what a training makes of them are the times of epochs.
 *
 * @param bench to time with
 * @param t to time on
 */
record SmallBatchKernels(KernelBench bench, KernelTables t) {
  // Places of arguments, of one batch and of many.
  private static final int BATCH = 0;
  private static final int START = 0;
  private static final int FIRST = 2;

  /** Times all of them. */
  void time() {
    gradients();
    DeviceBuffer rates = t.zeros(Float.BYTES);
    rates.fill(RATE, bench.stream());
    for (UpdateKernels rule : UpdateKernels.ALL) {
      time(
          rule.name() + "_batches",
          bytesOfGradients() + bytesOfMoves(rule.streams()),
          moves(rule, rates));
    }
    time(
        "adagrad_row_batches",
        bytesOfGradients() + bytesOfMoves(4),
        moves(new UpdateKernels("adagrad", 4), rates));
    deferred(rates);
  }

  private void gradients() {
    List<Object> arguments = new ArrayList<>(List.of(NULL));
    arguments.addAll(step());
    bench.timeBatches(
        BATCH,
        t::batch,
        "small_batches",
        "small_gradients",
        load(bytesOfGradients()),
        block(),
        arguments.toArray());
  }

  private void time(String name, double bytes, List<Object> moves) {
    List<Object> arguments = new ArrayList<>(List.of(0, t.batchSize, 0L));
    arguments.addAll(step());
    arguments.addAll(moves);
    KernelCall call = bench.call("small_batches", name, arguments.toArray());
    LaunchShape shape = block();
    bench.time(
        name, load(bytes), turn -> call.set(START, t.start(turn)).launch(bench.stream(), shape));
  }

  private Load load(double bytes) {
    return new Load(t.size(t.batchSize, "a batch"), t.k, bytes);
  }

  /** Each launch a later batch, as its step, so that every row has rested. */
  private void deferred(DeviceBuffer rates) {
    List<Object> arguments = new ArrayList<>(List.of(0, t.batchSize, 0L));
    arguments.addAll(step());
    arguments.addAll(moves(UpdateKernels.ALL.getFirst(), rates));
    arguments.addAll(
        List.of(
            t.zeros((long) Integer.BYTES * t.users.rows()),
            t.zeros((long) Integer.BYTES * t.items.rows()),
            t.zeros(4L * Double.BYTES * (RestingKernels.STEPS + 1)),
            t.zeros(2L * Double.BYTES * (RestingKernels.STEPS + 1))));
    KernelCall call = bench.call("small_batches", "deferred_adam_batches", arguments.toArray());
    LaunchShape shape = block();
    bench.time(
        "deferred_adam_batches",
        load(bytesOfGradients() + bytesOfMoves(8) + bytesOfMoves(RestingKernels.STREAMS)),
        turn ->
            call.set(START, t.start(turn))
                .set(FIRST, (long) (turn % RestingKernels.STEPS))
                .launch(bench.stream(), shape));
  }

  private LaunchShape block() {
    return BatchLayout.smallBlock(t.batchSize, t.group);
  }

  private double bytesOfGradients() {
    return t.bytesOfErrors() + t.bytesOfGradient(t.users) + t.bytesOfGradient(t.items);
  }

  private double bytesOfMoves(int streams) {
    return t.bytesOfRows(t.users, streams) + t.bytesOfRows(t.items, streams);
  }

  private List<Object> step() {
    return List.of(
        t.stop,
        t.batchSize,
        t.users.rowAt(),
        t.items.rowAt(),
        t.values,
        NULL,
        t.slopes,
        t.users.sortedRows(),
        t.users.sortedPositions(),
        t.users.carried(),
        t.items.sortedRows(),
        t.items.sortedPositions(),
        t.items.carried(),
        t.vectors,
        t.group,
        3f,
        0f,
        0f,
        Double.MAX_VALUE,
        t.totals,
        t.partials,
        NULL,
        NULL,
        0,
        0.0,
        t.users.factors(),
        t.items.factors(),
        t.users.bias(),
        t.items.bias(),
        NULL,
        t.users.gradient(),
        t.items.gradient(),
        t.users.biasGradient(),
        t.items.biasGradient(),
        NULL);
  }

  private List<Object> moves(UpdateKernels rule, DeviceBuffer rates) {
    List<Object> arguments = new ArrayList<>();
    Collections.addAll(
        arguments,
        rates,
        rule.first(t.users),
        rule.first(t.items),
        rule.biasFirst(t.users),
        rule.biasFirst(t.items),
        NULL,
        t.users.second(),
        t.items.second(),
        t.users.biasSecond(),
        t.items.biasSecond(),
        NULL,
        t.k,
        A,
        B,
        EPSILON);
    return arguments;
  }
}
