package io.github.gpumf.cuda;

import io.github.gpumf.backend.KeptWeights;
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
import org.jspecify.annotations.Nullable;

/**
 * Training on a GPU. Weights and the optimizer's numbers go to the device once, and so do ratings
 * that fit; an epoch is launches alone ({@link Steps}), and brings back its totals. When it has
 * ended well its weights follow, for the case that the device does not ({@link LastGoodWeights}).
 */
final class CudaSession implements TrainingSession {
  /** And of a flag beside them. */
  static final long BYTES_OF_TOTALS = DeviceTotals.BYTES + Integer.BYTES;

  private final TrainingJob job;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceArena arena;
  private final Stream stream;
  private final DeviceWeights weights;
  private final List<DeviceWeights> slots = new ArrayList<>();

  private final LastGoodWeights lastGood;
  private @Nullable DeviceWeights best;
  private final Steps steps;
  private final HeldOutErrors heldOutErrors;
  private final DeviceBuffer notFinite;
  private final PinnedMemory answer;

  private CudaSession(TrainingJob job, Steps.Maker maker, Kernels kernels, DeviceArena arena) {
    this.job = job;
    this.kernels = kernels;
    this.arena = arena;
    CudaContext context = arena.context();
    stream = arena.stream();
    launches = Launches.of(context.device());
    DeviceTotals totals = new DeviceTotals(arena);
    notFinite = arena.ints(1);
    answer = arena.pinned(Integer.BYTES);
    TrainingState start = job.start();
    weights = DeviceWeights.zeros(start.weights(), job.precision(), arena);
    lastGood = new LastGoodWeights(start.weights(), weights, arena);
    weights.copyFrom(start.weights(), stream);
    boolean byRow = UpdateRule.of(job.optimizer()).byRow();
    for (Weights slot : start.slots()) {
      DeviceWeights copy =
          byRow ? DeviceWeights.zerosByRow(slot, arena) : DeviceWeights.zeros(slot, arena);
      copy.copyFrom(slot, stream);
      slots.add(copy);
    }
    steps = maker.of(weights, slots, totals, arena);
    heldOutErrors = new HeldOutErrors(job, kernels, launches, context);
    stream.synchronize(); // the host's memory is its owner's again
  }

  /**
   * Uploads a training.
   *
   * @throws io.github.gpumf.cuda.driver.CudaException if it does not fit the device, or the driver
   *     fails; nothing is left there
   */
  static CudaSession open(TrainingJob job, CudaContext context, Kernels kernels) {
    return switch (job.updates()) {
      case PER_BATCH -> openBatches(job, context, kernels);
      case PER_RATING ->
          open(
              job,
              (weights, slots, totals, arena) ->
                  new RatingSteps(job, weights, slots, totals, kernels, arena),
              context,
              kernels);
    };
  }

  private static CudaSession openBatches(TrainingJob job, CudaContext context, Kernels kernels) {
    TrainingShape shape = Window.shape(job);
    RatingsMemory memory =
        RatingsMemory.of(shape, Launches.of(context.device()), context.memory().free());
    try {
      return openBatches(job, memory, context, kernels);
    } catch (CudaException failure) {
      if (!memory.resident() || !failure.isOutOfMemory()) {
        throw failure;
      }
      // Somebody else has taken what was free: the ratings are what can stay on the host.
      return openBatches(
          job, RatingsMemory.streamed(shape, memory.bytes(shape) / 4), context, kernels);
    }
  }

  private static CudaSession openBatches(
      TrainingJob job, RatingsMemory memory, CudaContext context, Kernels kernels) {
    return open(
        job,
        (weights, slots, totals, arena) ->
            new BatchSteps(job, memory, weights, slots, totals, kernels, arena),
        context,
        kernels);
  }

  private static CudaSession open(
      TrainingJob job, Steps.Maker maker, CudaContext context, Kernels kernels) {
    DeviceArena arena = new DeviceArena(context);
    return DeviceArena.orClose(arena, () -> new CudaSession(job, maker, kernels, arena));
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    return steps.run(epoch, from, to);
  }

  @Override
  public double squaredError(Ratings heldOut) {
    return steps.look(
        weights,
        current -> {
          stream.synchronize();
          return heldOutErrors.squaredError(heldOut, current);
        });
  }

  @Override
  public boolean keep(Slot slot) {
    KeptWeights.requireKeepable(slot);
    return steps.look(weights, current -> keep(slot, current));
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
      best = DeviceWeights.zeros(job.start().weights(), job.precision(), arena);
    }
    best.copyFrom(current, stream);
    return true;
  }

  private boolean isFinite(DeviceWeights tested) {
    notFinite.clear(stream);
    for (DeviceTable table : tested.tables()) {
      kernels
          .kernel(
              table.ofHalves() ? "halves" : "optimizers",
              table.ofHalves() ? "find_halves_not_finite" : "find_not_finite")
          .call(table.buffer(), table.allVectors(), notFinite)
          .launch(stream, launches.items(table.allVectors()));
    }
    MemorySegment found = answer.segment();
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
      return steps.look(weights, current -> download(current, job.spec().factors()));
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
        slots.stream()
            .map(slot -> steps.look(slot, current -> download(current, columns)))
            .toList();
    return new TrainingState(weights(Slot.CURRENT), numbers, steps.step());
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
