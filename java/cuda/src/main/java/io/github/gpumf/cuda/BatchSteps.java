package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.cuda.driver.Stream;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A step for each batch: an epoch is launches alone ({@link BatchStep}), and a few small copies.
 */
final class BatchSteps implements Steps {
  private final Stream stream;
  private final DeviceTotals totals;
  private final Window window;
  private final BatchStep batchStep;
  private final long batchesPerEpoch;

  /** Null if every row is current at any time. */
  private final @Nullable RestingRows resting;

  private long step;
  private EpochTotals epochTotals = EpochTotals.NONE;

  /** Uploads ratings, if they are to lie on the device. */
  BatchSteps(
      TrainingJob job,
      RatingsMemory memory,
      DeviceWeights weights,
      List<DeviceWeights> slots,
      DeviceTotals totals,
      Kernels kernels,
      DeviceArena arena) {
    this.totals = totals;
    stream = arena.stream();
    step = job.start().step();
    batchesPerEpoch = job.batchesPerEpoch();
    Launches launches = Launches.of(arena.context().device());
    WindowSource source =
        memory.resident()
            ? new ResidentRatings(job, memory.positions(), kernels, launches, arena)
            : new StreamedRatings(job, memory.positions(), arena);
    window = new Window(job, source, kernels, launches, arena);
    TrainedWeights trained =
        new TrainedWeights(weights, DeviceWeights.zeros(job.start().weights(), arena), slots);
    resting = RestingRows.of(job, trained, window, kernels, launches, totals.stop(), arena);
    batchStep =
        new BatchStep(
            job,
            UpdateRule.of(job.optimizer()),
            trained,
            window,
            resting,
            kernels,
            launches,
            totals.stop(),
            totals.totals(),
            arena);
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
    if (resting != null) {
      resting.begin(stream, from, step);
    }
    for (long batch = from; batch < to; ) {
      int start = window.startOf(epoch, batch, stream);
      int batches = (int) Math.min(to - batch, window.batchesFrom(batch));
      batchStep.launch(stream, batch, batches, start, step + (batch - from));
      batch += batches;
    }
    if (resting != null && to == batchesPerEpoch) {
      resting.endEpoch(stream);
    }
    window.prepareAfter(epoch, to - 1);
    epochTotals = totals.download(stream);
    // A batch that diverged has not moved a weight, nor has one after it.
    long end = epochTotals.diverged() ? epochTotals.divergedBatch() : to;
    step += end - from;
    if (resting != null) {
      resting.ended(end);
    }
    return epochTotals;
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public <T> T look(DeviceWeights tables, Function<DeviceWeights, T> look) {
    return resting == null ? look.apply(tables) : resting.look(tables, stream, look);
  }
}
