package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Mini-batch training on a GPU. Weights and the optimizer's numbers go to the device once, and so
 * do ratings that fit; an epoch is launches ({@link BatchStep}), and brings back its totals alone.
 * When it has ended well its weights follow, for the case that the device does not ({@link
 * LastGoodWeights}).
 */
final class CudaSession implements TrainingSession {
  private static final int TOTALS = 4;

  /** And of the two flags beside them. */
  static final long BYTES_OF_TOTALS = TOTALS * Double.BYTES + 2 * Integer.BYTES;

  private final TrainingJob job;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceArena arena;
  private final Stream stream;
  private final UpdateRule rule;
  private final DeviceWeights weights;
  private final List<DeviceWeights> slots = new ArrayList<>();

  /** Null if every row is current at any time. */
  private final @Nullable RestingRows resting;

  private final LastGoodWeights lastGood;
  private @Nullable DeviceWeights best;
  private final Window window;
  private final BatchStep batchStep;
  private final HeldOutErrors heldOutErrors;
  private final DeviceBuffer stop;
  private final DeviceBuffer totals;
  private final DeviceBuffer notFinite;
  private final PinnedMemory answer;

  private long step;
  private EpochTotals epochTotals = EpochTotals.NONE;

  private CudaSession(TrainingJob job, RatingsMemory memory, Kernels kernels, DeviceArena arena) {
    this.job = job;
    this.kernels = kernels;
    this.arena = arena;
    CudaContext context = arena.context();
    stream = arena.stream();
    launches = Launches.of(context.device());
    rule = UpdateRule.of(job.optimizer());
    stop = arena.ints(1);
    totals = arena.doubles(TOTALS);
    notFinite = arena.ints(1);
    answer = arena.pinned((long) TOTALS * Double.BYTES);
    TrainingState start = job.start();
    step = start.step();
    lastGood = new LastGoodWeights(start.weights(), arena);
    weights = DeviceWeights.zeros(start.weights(), arena);
    weights.copyFrom(start.weights(), stream);
    for (Weights slot : start.slots()) {
      DeviceWeights copy =
          rule.byRow() ? DeviceWeights.zerosByRow(slot, arena) : DeviceWeights.zeros(slot, arena);
      copy.copyFrom(slot, stream);
      slots.add(copy);
    }
    WindowSource source =
        memory.resident()
            ? new ResidentRatings(job, memory.positions(), kernels, launches, arena)
            : new StreamedRatings(job, memory.positions(), arena);
    window = new Window(job, source, kernels, launches, arena);
    TrainedWeights trained =
        new TrainedWeights(weights, DeviceWeights.zeros(start.weights(), arena), slots);
    resting = RestingRows.of(job, trained, window, kernels, launches, stop, arena);
    batchStep =
        new BatchStep(job, rule, trained, window, resting, kernels, launches, stop, totals, arena);
    heldOutErrors = new HeldOutErrors(job, kernels, launches, context);
    stop.clear(stream);
    totals.clear(stream);
    stream.synchronize(); // the host's memory is its owner's again
  }

  /**
   * Uploads a training.
   *
   * @throws io.github.gpumf.cuda.driver.CudaException if it does not fit the device, or the driver
   *     fails; nothing is left there
   */
  static CudaSession open(TrainingJob job, CudaContext context, Kernels kernels) {
    TrainingShape shape = Window.shape(job);
    RatingsMemory memory =
        RatingsMemory.of(shape, Launches.of(context.device()), context.memory().free());
    try {
      return open(job, memory, context, kernels);
    } catch (CudaException failure) {
      if (!memory.resident() || !failure.isOutOfMemory()) {
        throw failure;
      }
      // Somebody else has taken what was free: the ratings are what can stay on the host.
      return open(job, RatingsMemory.streamed(shape, memory.bytes(shape) / 4), context, kernels);
    }
  }

  private static CudaSession open(
      TrainingJob job, RatingsMemory memory, CudaContext context, Kernels kernels) {
    DeviceArena arena = new DeviceArena(context);
    return DeviceArena.orClose(arena, () -> new CudaSession(job, memory, kernels, arena));
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    if (from == 0) {
      epochTotals = EpochTotals.NONE;
      totals.clear(stream);
      stop.clear(stream);
    }
    if (epochTotals.diverged() || from >= to) {
      return epochTotals;
    }
    if (resting != null) {
      resting.begin(stream, from, step);
    }
    for (long batch = from; batch < to; ) {
      int start = window.startOf(epoch, batch, stream);
      int batches = (int) Math.min(to - batch, window.batchesFrom(batch));
      batchStep.launch(stream, batch, batches, start, step + (batch - from));
      batch += batches;
    }
    if (resting != null && to == job.batchesPerEpoch()) {
      resting.endEpoch(stream);
    }
    window.prepareAfter(epoch, to - 1);
    epochTotals = download();
    // A batch that diverged has not moved a weight, nor has one after it.
    long end = epochTotals.diverged() ? epochTotals.divergedBatch() : to;
    step += end - from;
    if (resting != null) {
      resting.ended(end);
    }
    return epochTotals;
  }

  /** Waits for the launches so far. */
  private EpochTotals download() {
    MemorySegment numbers = answer.segment();
    totals.copyTo(numbers, stream);
    stream.synchronize();
    return new EpochTotals(
        (long) numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 0),
        numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 1),
        numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 2),
        (long) numbers.getAtIndex(ValueLayout.JAVA_DOUBLE, 3) - 1);
  }

  @Override
  public double squaredError(Ratings heldOut) {
    return now(
        weights,
        current -> {
          stream.synchronize();
          return heldOutErrors.squaredError(heldOut, current);
        });
  }

  @Override
  public boolean keep(Slot slot) {
    if (slot == Slot.CURRENT) {
      throw new IllegalArgumentException(
          "the current weights cannot be overwritten; keep LAST_GOOD or BEST");
    }
    return now(weights, current -> keep(slot, current));
  }

  private boolean keep(Slot slot, DeviceWeights current) {
    if (!isFinite(current)) {
      return false;
    }
    if (slot == Slot.LAST_GOOD) {
      lastGood.keep(current, stream);
      return true;
    }
    if (best == null) {
      best = DeviceWeights.zeros(job.start().weights(), arena);
    }
    best.copyFrom(current, stream);
    return true;
  }

  /** Looks at the weights, or at a slot, as they are now. */
  private <T> T now(DeviceWeights tables, Function<DeviceWeights, T> look) {
    return resting == null ? look.apply(tables) : resting.look(tables, stream, look);
  }

  private boolean isFinite(DeviceWeights tested) {
    notFinite.clear(stream);
    for (DeviceTable table : tested.tables()) {
      kernels
          .kernel("optimizers", "find_not_finite")
          .call(table.buffer(), table.allVectors(), notFinite)
          .launch(stream, launches.items(table.allVectors()));
    }
    MemorySegment found = answer.segment().asSlice(0, Integer.BYTES);
    notFinite.copyTo(found, stream);
    stream.synchronize();
    return found.get(ValueLayout.JAVA_INT, 0) == 0;
  }

  @Override
  public Weights weights(Slot slot) {
    if (slot == Slot.LAST_GOOD) {
      return lastGood.copy();
    }
    if (slot == Slot.CURRENT) {
      return now(weights, current -> download(current, job.spec().factors()));
    }
    if (best == null) {
      throw new IllegalStateException("no weights were kept as " + slot);
    }
    return download(best, job.spec().factors());
  }

  private Weights download(DeviceWeights device, int columns) {
    Weights host =
        Weights.zeros(
            job.spec().head(),
            device.userFactors().rows(),
            device.itemFactors().rows(),
            columns,
            Arena.ofAuto());
    device.copyTo(host, stream);
    stream.synchronize();
    return host;
  }

  @Override
  public TrainingState state() {
    int columns = TrainingState.slotColumns(job.optimizer(), job.spec().factors());
    List<Weights> numbers =
        slots.stream().map(slot -> now(slot, current -> download(current, columns))).toList();
    return new TrainingState(weights(Slot.CURRENT), numbers, step);
  }

  @Override
  public void close() {
    try {
      heldOutErrors.close();
    } finally {
      arena.close();
    }
  }
}
