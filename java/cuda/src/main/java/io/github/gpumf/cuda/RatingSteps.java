package io.github.gpumf.cuda;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An update for each rating. What the session calls a batch is a round of a grid, and a run of
 * rounds one launch ({@code rounds.cuh}): blocks of a round share no row, so each is the work of
 * one warp, and the result does not depend on which. A warp waits for those that had its rows
 * before.
 */
final class RatingSteps implements Steps {
  /** Of a block; registers hold 8. */
  private static final int LEAST_WARPS = 2;

  private static final int MOST_WARPS = 8;

  /** Floats of a row that eight lanes have in registers; kernels are named by how many eights. */
  static final int HELD_ONCE = 64;

  private static final int MOST_HELD = 2;

  /** Of an optimizer. */
  private static final int MOST_SLOTS = 2;

  /** Ints from a flag to the next. */
  static final int FLAG = 8;

  // Places of the arguments that are new in each launch.
  private static final int FIRST = 3;
  private static final int LAST = 4;
  private static final int BATCH_OF_TOTALS = 1;
  private static final int ROUNDS_OF_TOTALS = 2;

  private final TrainingJob job;
  private final DeviceGrid grid;
  private final DeviceTotals totals;
  private final Stream stream;
  private final UpdateRule rule;
  private final KernelCall call;
  private final KernelCall addRounds;
  private final LaunchShape shape;
  private final long rounds;
  private final Schedule schedule;
  private final DeviceBuffer done;
  private long step;
  private EpochTotals epochTotals = EpochTotals.NONE;

  /**
   * Uploads the ratings in their order. A first training's kernels are compiled meanwhile: that is
   * the driver's work on one thread, 0.6 to 1.3 s on an H200, and needs nothing of the ratings.
   */
  RatingSteps(
      TrainingJob job,
      DeviceWeights weights,
      List<DeviceWeights> slots,
      DeviceTotals totals,
      Kernels kernels,
      DeviceArena arena) {
    this.job = job;
    this.totals = totals;
    stream = arena.stream();
    rule = UpdateRule.of(job.optimizer());
    step = job.start().step();
    rounds = job.batchesPerEpoch();
    Kernel kernel;
    try (Ahead<Kernel> compiled = Ahead.begin("gpumf-compile", () -> kernel(job, kernels))) {
      grid = DeviceGrid.upload(job, arena);
      kernel = compiled.get();
    }
    int blocks = grid.size().blocks();
    shape = shape(blocks, arena.context().device().multiprocessors());
    schedule = new Schedule((int) rounds, arena);
    done = arena.ints((long) blocks * FLAG);
    DeviceBuffer squaredErrors = arena.doubles(rounds * blocks);
    List<Object> arguments =
        new ArrayList<>(
            List.of(totals.stop(), schedule.order, schedule.rates, 0, 0, grid.ratings()));
    boolean ownUsers = grid.size().users() <= grid.size().items();
    arguments.addAll(
        List.of(grid.groups(), grid.blocks(), blocks, (int) rounds, ownUsers ? 1 : 0, done));
    arguments.addAll(tables(weights, slots, DeviceWeights::userFactors, DeviceWeights::userBias));
    arguments.addAll(tables(weights, slots, DeviceWeights::itemFactors, DeviceWeights::itemBias));
    arguments.addAll(
        List.of(
            weights.userFactors().vectors(),
            job.spec().factors(),
            job.offset(),
            rule.a(),
            rule.b(),
            rule.epsilon(),
            (float) (2 * job.spec().regularization()),
            (float) (2 * job.spec().biasRegularization()),
            squaredErrors));
    call = kernel.call(arguments.toArray());
    addRounds =
        kernels
            .kernel("totals", "add_rounds")
            .call(
                totals.stop(),
                0L,
                0,
                schedule.sizes,
                squaredErrors,
                blocks,
                schedule.sums,
                totals.totals(),
                job.lossLimit());
  }

  /** What is new in a run of rounds: which they are, their rates and numbers of ratings. */
  private static final class Schedule {
    private final DeviceBuffer order;
    private final DeviceBuffer rates;
    private final DeviceBuffer sizes;

    /** Of the errors of a round. */
    private final DeviceBuffer sums;

    private final PinnedMemory host;
    private final int rounds;

    Schedule(int rounds, DeviceArena arena) {
      this.rounds = rounds;
      order = arena.ints(rounds);
      rates = arena.floats(rounds);
      sizes = arena.allocate((long) rounds * Long.BYTES);
      sums = arena.doubles(rounds);
      host = arena.pinned((long) rounds * BYTES_OF_ROUND);
    }

    private static final int BYTES_OF_ROUND = Long.BYTES + Integer.BYTES + Float.BYTES;

    /** Device memory. */
    static long bytes(int rounds) {
      return (long) rounds * (BYTES_OF_ROUND + Double.BYTES);
    }

    void set(int at, int round, float rate, long size) {
      MemorySegment words = host.segment();
      words.setAtIndex(ValueLayout.JAVA_LONG, at, size);
      words.setAtIndex(ValueLayout.JAVA_INT, 2L * rounds + at, round);
      words.setAtIndex(ValueLayout.JAVA_FLOAT, 3L * rounds + at, rate);
    }

    /** Uploads all; what is set has to stay until the stream has come so far. */
    void upload(Stream stream) {
      MemorySegment words = host.segment();
      long sizesBytes = (long) rounds * Long.BYTES;
      long orderBytes = (long) rounds * Integer.BYTES;
      sizes.copyFrom(words.asSlice(0, sizesBytes), stream);
      order.copyFrom(words.asSlice(sizesBytes, orderBytes), stream);
      rates.copyFrom(words.asSlice(sizesBytes + orderBytes, orderBytes), stream);
    }
  }

  /** Device memory of what a run of rounds needs beside the ratings. */
  static long bytesOfSums(TrainingShape shape) {
    RatingGrid.Size size = DeviceGrid.size(shape);
    long blocks = size.blocks();
    return size.rounds() * blocks * Double.BYTES
        + blocks * FLAG * Integer.BYTES
        + Schedule.bytes(size.rounds());
  }

  /** As many warps as blocks of a round, or as many as run at the same time. */
  private static LaunchShape shape(int blocks, int multiprocessors) {
    int warps = Math.clamp(Math.ceilDiv(blocks, multiprocessors), LEAST_WARPS, MOST_WARPS);
    int wanted = Math.ceilDiv(blocks, warps);
    return LaunchShape.of(Math.min(wanted, multiprocessors), warps * Launches.WARP);
  }

  private static Kernel kernel(TrainingJob job, Kernels kernels) {
    return kernels.kernel(
        file(job.optimizer(), job.precision()),
        kernel(job.optimizer(), job.precision(), job.spec().factors()));
  }

  /** The file of an optimizer's kernels. */
  static String file(Optimizer optimizer, Precision precision) {
    return "rounds_" + name(optimizer, precision);
  }

  /** The kernel for rows of some length. */
  static String kernel(Optimizer optimizer, Precision precision, int factors) {
    int held = 1;
    while (held <= MOST_HELD && held * HELD_ONCE < factors) {
      held *= 2;
    }
    return name(optimizer, precision) + "_round_" + (held <= MOST_HELD ? held : "long");
  }

  private static String name(Optimizer optimizer, Precision precision) {
    return name(optimizer) + (precision == Precision.HALF ? "_half" : "");
  }

  private static String name(Optimizer optimizer) {
    return switch (optimizer) {
      case Sgd sgd -> "sgd";
      case LazyAdam lazy -> "lazy_adam";
      case AdaGrad adaGrad -> adaGrad.accumulator() == Accumulator.ROW ? "adagrad_row" : "adagrad";
      case Adam adam -> throw new AssertionError("a job of Adam has an update per batch");
    };
  }

  /** A side's factors, their slots, its biases and theirs; nothing for slots that there are not. */
  private static List<Object> tables(
      DeviceWeights weights,
      List<DeviceWeights> slots,
      Function<DeviceWeights, DeviceTable> factors,
      Function<DeviceWeights, @Nullable DeviceTable> biases) {
    List<Object> tables = new ArrayList<>();
    for (Function<DeviceWeights, ? extends @Nullable DeviceTable> table :
        List.of(factors, biases)) {
      tables.add(Arguments.orNull(table.apply(weights)));
      for (int slot = 0; slot < MOST_SLOTS; slot++) {
        tables.add(
            slot < slots.size() ? Arguments.orNull(table.apply(slots.get(slot))) : Arguments.NULL);
      }
    }
    return tables;
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      epochTotals = EpochTotals.NONE;
      totals.clear(stream);
    }
    if (epochTotals.diverged() || from >= to) {
      return epochTotals;
    }
    long visited = visited(epoch, from);
    int count = (int) (to - from);
    for (int at = 0; at < count; at++) {
      int round = EpochOrder.round(job, epoch, from + at);
      long size = grid.ratings(round);
      schedule.set(at, round, rule.rate(step + at, rounds, visited), size);
      visited += size;
    }
    schedule.upload(stream);
    done.clear(stream);
    call.set(FIRST, 0).set(LAST, count).launchAtOnce(stream, shape);
    addRounds
        .set(BATCH_OF_TOTALS, from)
        .set(ROUNDS_OF_TOTALS, count)
        .launch(stream, Launches.one(count * (long) Launches.WARP));
    epochTotals = totals.download(stream);
    // A round that diverged has moved weights, and those after it have; they do not count.
    step += (epochTotals.diverged() ? epochTotals.divergedBatch() + 1 : to) - from;
    return epochTotals;
  }

  /** Ratings visited before a batch of an epoch, since the training began. */
  private long visited(int epoch, long batch) {
    long visited = step / rounds * job.ratings().size();
    for (long before = 0; before < batch; before++) {
      visited += grid.ratings(EpochOrder.round(job, epoch, before));
    }
    return visited;
  }

  @Override
  public long step() {
    return step;
  }
}
