package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.Mf;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A step of mini-batch training as launches on one stream:
 *
 * <ol>
 *   <li>{@link RestingRows}, where rows rest: those of the batch are caught up.
 *   <li>{@code batch_errors}: the error of each rating.
 *   <li>{@code batch_totals}: the batch's loss, added to the epoch's; it sets {@code stop} if the
 *       batch has diverged, and the launches after it do nothing.
 *   <li>{@link Gradients} of users and of items, both from the weights before the step. Each row
 *       adds up its ratings in the order of the batch, so the bits do not depend on which blocks
 *       run first.
 *   <li>The optimizer's kernel for each table, or where it moves whole tables for all of them.
 * </ol>
 *
 * <p>Where one block holds a batch, {@link SmallBatches} does the same in fewer launches. Where it
 * does not do whole windows, {@link StepGraphs} replays the launches of many batches at a time.
 */
final class BatchStep {
  private final TrainingJob job;
  private final UpdateRule rule;
  private final DeviceWeights weights;
  private final Window window;
  private final @Nullable RestingRows resting;
  private final Kernels kernels;
  private final DeviceBuffer stop;
  private final DeviceBuffer totals;
  private final int group;
  private final DeviceBuffer slopes;
  private final DeviceBuffer partials;
  private final LaunchShape shape;
  private final LaunchShape totalsShape;

  private final BatchCall errors;
  private final BatchCall addTotals;
  private final Gradients gradients;
  private final List<BatchCall> moves;
  private final @Nullable L2Penalty penalty;
  private final @Nullable SmallBatches smallBatches;

  /** Null if those do whole batches. */
  private final @Nullable BatchQueue queue;

  /**
   * Prepares the launches.
   *
   * @param resting null if no rows rest
   * @param stop an int, as in rows.cuh
   * @param totals four doubles, as in totals.cu
   */
  BatchStep(
      TrainingJob job,
      UpdateRule rule,
      TrainedWeights trained,
      Window window,
      @Nullable RestingRows resting,
      Kernels kernels,
      Launches launches,
      DeviceBuffer stop,
      DeviceBuffer totals,
      DeviceArena arena) {
    this.job = job;
    this.rule = rule;
    weights = trained.weights();
    this.window = window;
    this.resting = resting;
    this.kernels = kernels;
    this.stop = stop;
    this.totals = totals;
    group = Launches.group(weights.userFactors().vectors());
    boolean small = SmallBatches.fit(window.batchSize(), group);
    shape =
        small
            ? BatchLayout.smallBlock(window.batchSize(), group)
            : launches.groups(window.batchSize(), group);
    slopes = arena.floats(window.columns().size());
    partials = arena.doubles(3L * shape.gridX());
    Moves update = new Moves(rule, Window.shape(job), kernels, launches, stop);
    penalty =
        job.spec().l2() > 0 ? new L2Penalty(weights, update.leavesSquares(), kernels, arena) : null;
    totalsShape = small ? shape : totalsShape();
    errors = errors();
    addTotals = addTotals(trained.gradients().dense());
    gradients = new Gradients(job, trained, window, slopes, kernels, launches, stop, arena);
    moves = moves(update, trained);
    smallBatches = small && Launches.together() ? smallBatches(trained, arena) : null;
    Stream stream = arena.stream();
    queue =
        smallBatches != null && smallBatches.doWholeBatches()
            ? null
            : new BatchQueue(window.batches(), batch -> launch(stream, batch), arena);
  }

  private LaunchShape totalsShape() {
    return penalty == null
        ? Launches.one(shape.gridX())
        : Launches.large(Math.max(shape.gridX(), penalty.blocks()));
  }

  private List<BatchCall> moves(Moves update, TrainedWeights trained) {
    DeviceBuffer squaresOfUsers = penalty == null ? null : penalty.ofUsers();
    DeviceBuffer squaresOfItems = penalty == null ? null : penalty.ofItems();
    List<Parameters> factors = trained.factors();
    List<Parameters> others = trained.others(job.spec().head());
    if (update.moveWholeTables() && Launches.together()) {
      return List.of(update.together(factors, squaresOfUsers, squaresOfItems, others));
    }
    int k = job.spec().factors();
    DeviceBuffer sortedUsers = window.users().sortedRows();
    DeviceBuffer sortedItems = window.items().sortedRows();
    List<BatchCall> all = new ArrayList<>();
    all.add(update.factors(factors.getFirst(), k, sortedUsers, squaresOfUsers));
    all.add(update.factors(factors.getLast(), k, sortedItems, squaresOfItems));
    if (job.spec().head() == Mf.Head.DENSE) {
      all.add(update.dense(others.getFirst()));
    } else {
      all.add(update.biases(others.getFirst(), sortedUsers));
      all.add(update.biases(others.getLast(), sortedItems));
    }
    return all;
  }

  private SmallBatches smallBatches(TrainedWeights trained, DeviceArena arena) {
    Mf spec = job.spec();
    DeviceRatings columns = window.columns();
    List<Object> step =
        new ArrayList<>(
            List.of(
                stop,
                window.batchSize(),
                columns.users(),
                columns.items(),
                columns.values(),
                Arguments.orNull(columns.weights()),
                slopes,
                window.users().sortedRows(),
                window.users().sortedPositions(),
                gradients.userCarried(),
                window.items().sortedRows(),
                window.items().sortedPositions(),
                gradients.itemCarried(),
                weights.userFactors().vectors(),
                group,
                job.offset(),
                (float) spec.regularization(),
                (float) spec.biasRegularization(),
                job.lossLimit(),
                totals,
                partials,
                penalty == null ? Arguments.NULL : penalty.ofUsers(),
                penalty == null ? Arguments.NULL : penalty.ofItems(),
                penalty == null ? 0 : penalty.blocks(),
                spec.l2()));
    step.addAll(SmallBatches.tables(weights));
    step.addAll(SmallBatches.tables(trained.gradients()));
    return SmallBatches.fitWhole(Window.shape(job))
        ? SmallBatches.whole(
            job, rule, shape, step, trained.slots(), resting, window.batches(), kernels, arena)
        : SmallBatches.gradients(shape, step, kernels);
  }

  /** Device memory for what a step finds out about each rating, and for the batches to come. */
  static long bytes(TrainingShape shape, int positions) {
    boolean whole =
        Launches.together()
            && SmallBatches.fit(shape.largestBatch(), group(shape))
            && SmallBatches.fitWhole(shape);
    int batches = Math.ceilDiv(positions, shape.largestBatch());
    return (long) positions * Float.BYTES
        + (whole ? (long) batches * Float.BYTES : BatchQueue.bytes(batches));
  }

  /** Device memory of the sums of a batch's errors. */
  static long bytesOfPartials(TrainingShape shape, Launches launches) {
    int group = group(shape);
    boolean small = SmallBatches.fit(shape.largestBatch(), group);
    int blocks = small ? 1 : launches.groups(shape.largestBatch(), group).gridX();
    return 3L * blocks * Double.BYTES;
  }

  private static int group(TrainingShape shape) {
    return Launches.group(DeviceTable.vectors(shape.spec().factors()));
  }

  private BatchCall errors() {
    DeviceRatings columns = window.columns();
    return new BatchCall(
        kernels
            .kernel("predictions", "batch_errors")
            .call(
                stop,
                Arguments.NULL,
                weights.userFactors().buffer(),
                weights.itemFactors().buffer(),
                weights.userFactors().vectors(),
                group,
                Arguments.orNull(weights.userBias()),
                Arguments.orNull(weights.itemBias()),
                Arguments.orNull(weights.dense()),
                job.offset(),
                columns.users(),
                columns.items(),
                columns.values(),
                Arguments.orNull(columns.weights()),
                slopes,
                partials),
        shape);
  }

  private BatchCall addTotals(@Nullable DeviceTable headGradient) {
    return new BatchCall(
        kernels
            .kernel("totals", "batch_totals")
            .call(
                stop,
                Arguments.NULL,
                totals,
                partials,
                shape.gridX(),
                penalty == null ? Arguments.NULL : penalty.ofUsers(),
                penalty == null ? Arguments.NULL : penalty.ofItems(),
                penalty == null ? 0 : penalty.blocks(),
                job.spec().l2(),
                job.lossLimit(),
                Arguments.orNull(headGradient)),
        totalsShape);
  }

  /**
   * Launches steps.
   *
   * @param batch the first one's number in the epoch
   * @param batches how many, all in one window
   * @param start of the first one in the window
   * @param step the first one's number in the training
   */
  void launch(Stream stream, long batch, int batches, int start, long step) {
    int batchSize = window.batchSize();
    int positions =
        (int) Math.min((long) batches * batchSize, job.ratings().size() - batch * batchSize);
    if (smallBatches != null && smallBatches.doWholeBatches()) {
      smallBatches.launch(stream, batch, batches, start, positions, number -> rate(step + number));
      return;
    }
    if (penalty != null) {
      penalty.begin(stream);
    }
    Objects.requireNonNull(queue)
        .launch(
            batches,
            (host, index, number) -> {
              int from = number * batchSize;
              int size = Math.min(batchSize, positions - from);
              float rate = rate(step + number);
              BatchLayout.write(host, index, batch + number, start + from, size, rate);
            });
  }

  private float rate(long step) {
    return rule.rate(step, job.batchesPerEpoch());
  }

  private void launch(Stream stream, DeviceMemory batch) {
    if (resting != null) {
      resting.catchUp(stream, batch);
    }
    if (penalty != null) {
      penalty.update(stream);
    }
    if (smallBatches != null) {
      smallBatches.launch(stream, batch);
    } else {
      errors.launch(stream, batch);
      addTotals.launch(stream, batch);
      gradients.launch(stream, batch);
    }
    for (BatchCall move : moves) {
      move.launch(stream, batch);
    }
  }
}
