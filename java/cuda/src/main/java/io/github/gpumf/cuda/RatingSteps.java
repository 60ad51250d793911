package io.github.gpumf.cuda;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A step for each rating. What the session calls a batch is a round of a grid, and one launch
 * ({@code rounds.cuh}): its blocks share no row, so each is the work of one warp, and the result
 * does not depend on which.
 */
final class RatingSteps implements Steps {
  /** A warp for each scheduler of a multiprocessor: there are not many more blocks than that. */
  private static final int WARPS_OF_BLOCK = 4;

  /** Floats of a row that a warp has in registers, once: two a lane. */
  private static final int HELD_ONCE = 2 * Launches.WARP;

  private static final int MOST_HELD = 4;

  /** Of an optimizer. */
  private static final int MOST_SLOTS = 2;

  // Places of the arguments that are new in each launch.
  private static final int BATCH = 1;
  private static final int ROUND = 2;
  private static final int SIZE = 3;
  private static final int RATE = 4;

  private final TrainingJob job;
  private final DeviceGrid grid;
  private final DeviceTotals totals;
  private final Stream stream;
  private final UpdateRule rule;
  private final KernelCall call;
  private final LaunchShape shape;
  private final long rounds;
  private long step;
  private EpochTotals epochTotals = EpochTotals.NONE;

  /** Uploads the ratings in their order. */
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
    grid = DeviceGrid.upload(job, arena);
    int blocks = grid.size().blocks();
    String kernel = kernel(job.optimizer(), job.precision(), job.spec().factors());
    shape = shape(blocks, Launches.of(arena.context().device()), job);
    DeviceBuffer squaredErrors = arena.doubles(blocks);
    DeviceBuffer finished = arena.ints(1);
    finished.clear(stream);
    List<Object> arguments =
        new ArrayList<>(
            List.of(totals.stop(), 0L, 0, 0L, 0f, grid.ratings(), grid.words(), grid.blocks()));
    arguments.add(blocks);
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
            squaredErrors,
            finished,
            totals.totals(),
            job.lossLimit()));
    call = kernels.kernel(file(job.optimizer(), job.precision()), kernel).call(arguments.toArray());
  }

  /** Device memory of the sums of a round's errors, and of the count of its finished blocks. */
  static long bytesOfSums(TrainingShape shape) {
    return (long) DeviceGrid.size(shape).blocks() * Double.BYTES + Integer.BYTES;
  }

  private static LaunchShape shape(int blocks, Launches launches, TrainingJob job) {
    int warps = Math.min(blocks, WARPS_OF_BLOCK);
    int wanted = Math.ceilDiv(blocks, warps);
    return LaunchShape.of(Math.min(wanted, launches.mostBlocks()), warps * Launches.WARP)
        .withShared(warps * sharedBytesOfWarp(job.precision(), job.spec().factors()));
  }

  /** Shared memory that a warp needs: two rows of floats where they are halves and long. */
  static int sharedBytesOfWarp(Precision precision, int factors) {
    boolean needed = precision == Precision.HALF && factors > MOST_HELD * HELD_ONCE;
    return needed ? 2 * Math.ceilDiv(factors, 2) * 2 * Float.BYTES : 0;
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
    for (long batch = from; batch < to; batch++) {
      int round = EpochOrder.round(job, epoch, batch);
      long size = grid.ratings(round);
      call.set(BATCH, batch)
          .set(ROUND, round)
          .set(SIZE, size)
          .set(RATE, rule.rate(step + (batch - from), rounds, visited))
          .launch(stream, shape);
      visited += size;
    }
    epochTotals = totals.download(stream);
    // A round that diverged has moved weights; those after it have not run.
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
