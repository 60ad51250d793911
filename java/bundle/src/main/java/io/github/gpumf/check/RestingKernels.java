package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.EPSILON;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows that rest, caught up: each launch is a later step, so that every row has rested. The rates
 * are zero, so that the weights stay where they are.
 *
 * @param bench to time with
 * @param t to time on
 */
record RestingKernels(KernelBench bench, KernelTables t) {
  private static final String FILE = "deferred_adam";

  /** Of the epoch; more launches than anybody times. */
  static final int STEPS = 1 << 18;

  /** w, m and v, read and written. */
  static final int STREAMS = 6;

  // Places of arguments.
  private static final int BATCH = 1;
  private static final int STEP = 1;

  /** Times both. */
  void time() {
    DeviceBuffer tails = t.zeros(4L * Double.BYTES * (STEPS + 1));
    DeviceBuffer powers = t.zeros(2L * Double.BYTES * (STEPS + 1));
    rows(tails, powers);
    tables(tails, powers);
    look(tails, powers);
  }

  /** What a look at the users copies. */
  private void look(DeviceBuffer tails, DeviceBuffer powers) {
    Side side = t.users;
    long numbers = 4L * t.vectors * side.rows();
    bench.time(
        FILE,
        "rested_numbers",
        new Load(t.size(side.rows(), "users"), t.k, 4.0 * 4 * numbers),
        bench.launches().items(numbers),
        1,
        0,
        t.zeros((long) Integer.BYTES * side.rows()),
        (long) side.rows(),
        4 * t.vectors,
        side.factors(),
        side.first(),
        side.second(),
        tails,
        powers,
        EPSILON,
        t.zeros(Float.BYTES * numbers));
  }

  private List<Object> sides(DeviceBuffer tails, DeviceBuffer powers) {
    List<Object> arguments = new ArrayList<>();
    for (Side side : List.of(t.users, t.items)) {
      arguments.addAll(
          List.of(
              t.zeros((long) Integer.BYTES * side.rows()),
              side.factors(),
              side.first(),
              side.second(),
              side.bias(),
              side.biasFirst(),
              side.biasSecond()));
    }
    arguments.addAll(List.of(t.vectors, t.group, tails, powers, EPSILON));
    return arguments;
  }

  private void rows(DeviceBuffer tails, DeviceBuffer powers) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(t.stop, KernelBench.NULL, t.users.sortedRows(), t.items.sortedRows()));
    arguments.addAll(sides(tails, powers));
    KernelCall call = bench.call(FILE, "catch_up_rows", arguments.toArray());
    LaunchShape shape = bench.launches().positions(t.batchSize, t.group).withGridY(2);
    bench.time(
        "catch_up_rows",
        new Load(
            t.size(t.batchSize, "a batch"),
            t.k,
            t.bytesOfRows(t.users, STREAMS) + t.bytesOfRows(t.items, STREAMS)),
        turn -> call.set(BATCH, t.batch(turn)).launch(bench.stream(), shape));
  }

  private void tables(DeviceBuffer tails, DeviceBuffer powers) {
    List<Object> arguments =
        new ArrayList<>(List.of(t.stop, 0, (long) t.users.rows(), (long) t.items.rows()));
    arguments.addAll(sides(tails, powers));
    KernelCall call = bench.call(FILE, "catch_up_tables", arguments.toArray());
    int rows = t.users.rows() + t.items.rows();
    LaunchShape shape =
        bench.launches().groups(Math.max(t.users.rows(), t.items.rows()), t.group).withGridY(2);
    bench.time(
        "catch_up_tables",
        new Load(t.size(rows, "rows"), t.k, 16.0 * STREAMS * t.vectors * rows),
        turn -> call.set(STEP, turn % STEPS).launch(bench.stream(), shape));
  }
}
