package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.cuda.driver.Stream;
import java.util.List;

/** A step for each batch: an epoch is launches alone ({@link BatchStep}). */
final class BatchSteps implements Steps {
  private final Stream stream;
  private final DeviceTotals totals;
  private final Window window;
  private final BatchStep batchStep;
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
    Launches launches = Launches.of(arena.context().device());
    WindowSource source =
        memory.resident()
            ? new ResidentRatings(job, memory.positions(), kernels, launches, arena)
            : new StreamedRatings(job, memory.positions(), arena);
    window = new Window(job, source, kernels, launches, arena);
    batchStep =
        new BatchStep(
            job,
            UpdateRule.of(job.optimizer()),
            weights,
            DeviceWeights.zeros(job.start().weights(), arena),
            slots,
            window,
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
    for (long batch = from; batch < to; ) {
      int start = window.startOf(epoch, batch, stream);
      int batches = (int) Math.min(to - batch, window.batchesFrom(batch));
      batchStep.launch(stream, batch, batches, start, step + (batch - from));
      batch += batches;
    }
    window.prepareAfter(epoch, to - 1);
    epochTotals = totals.download(stream);
    // A batch that diverged has not moved a weight, nor has one after it.
    step += (epochTotals.diverged() ? epochTotals.divergedBatch() : to) - from;
    return epochTotals;
  }

  @Override
  public long step() {
    return step;
  }
}
