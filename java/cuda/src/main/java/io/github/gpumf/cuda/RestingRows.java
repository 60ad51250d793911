package io.github.gpumf.cuda;

import io.github.gpumf.backend.AdamTails;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.optim.Adam;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keras' Adam at the cost of the batch ({@code deferred_adam.cu}): rows outside the batch rest. A
 * batch's rows are caught up before its errors; all rows at the end of an epoch. Who looks at
 * weights in the middle of one sees a copy that is caught up, and the rows themselves rest on, so
 * that the bits of a training do not depend on who looks at it.
 *
 * <p>Steps count from the beginning of an epoch, whose tails go to the device when it begins: 48
 * bytes a batch.
 */
final class RestingRows {
  private static final String FILE = "deferred_adam";

  /** Users and items. */
  private static final int SIDES = 2;

  /** The step's place in {@code catch_up_tables}. */
  private static final int STEP = 1;

  private final TrainingJob job;
  private final Adam adam;
  private final UpdateRule rule;
  private final TrainedWeights trained;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceBuffer userSteps;
  private final DeviceBuffer itemSteps;
  private final EpochTails tails;
  private final BatchCall catchUpRows;
  private final KernelCall catchUpTables;
  private final int group;

  /** The step of the epoch up to which rows are to be caught up. */
  private int step;

  /** Whether there may be rows behind it. */
  private boolean behind;

  /** Whether the device has the epoch's tails, and knows where each row stands. */
  private boolean prepared;

  private RestingRows(
      TrainingJob job,
      Adam adam,
      TrainedWeights trained,
      Window window,
      Kernels kernels,
      Launches launches,
      DeviceBuffer stop,
      DeviceArena arena) {
    this.job = job;
    this.adam = adam;
    rule = UpdateRule.of(adam);
    this.trained = trained;
    this.kernels = kernels;
    this.launches = launches;
    DeviceTable users = trained.weights().userFactors();
    DeviceTable items = trained.weights().itemFactors();
    userSteps = arena.ints(users.rows());
    itemSteps = arena.ints(items.rows());
    tails = EpochTails.allocate(job.batchesPerEpoch(), arena);
    group = Launches.group(users.vectors());
    List<Object> sides = new ArrayList<>();
    sides.addAll(side(userSteps, DeviceWeights::userFactors, DeviceWeights::userBias));
    sides.addAll(side(itemSteps, DeviceWeights::itemFactors, DeviceWeights::itemBias));
    sides.addAll(List.of(users.vectors(), group));
    sides.addAll(tails.arguments());
    sides.add(rule.epsilon());
    catchUpRows =
        new BatchCall(
            call(
                "catch_up_rows",
                List.of(
                    stop, Arguments.NULL, window.users().sortedRows(), window.items().sortedRows()),
                sides),
            launches.positions(window.batchSize(), group).withGridY(SIDES));
    catchUpTables = call("catch_up_tables", List.of(stop, 0, users.rows(), items.rows()), sides);
  }

  /**
   * Those of a training.
   *
   * @param stop as in rows.cuh
   * @return null if its rows do not rest
   */
  static @Nullable RestingRows of(
      TrainingJob job,
      TrainedWeights trained,
      Window window,
      Kernels kernels,
      Launches launches,
      DeviceBuffer stop,
      DeviceArena arena) {
    return rest(Window.shape(job)) && job.optimizer() instanceof Adam adam
        ? new RestingRows(job, adam, trained, window, kernels, launches, stop, arena)
        : null;
  }

  /**
   * Whether rows outside the batch rest that Adam would move: where it can be done, and a batch has
   * at most half of the rows. A row that is caught up and then moved costs twice what it costs to
   * move it in passing.
   */
  static boolean rest(TrainingShape shape) {
    return shape.optimizer() instanceof Adam adam
        && shape.spec().l2() == 0
        && 2L * shape.largestBatch() <= (long) shape.users() + shape.items()
        && AdamTails.areGoodEnough(adam);
  }

  /** Device memory of each row's step, and of the tails. */
  static long bytes(TrainingShape shape) {
    return rest(shape)
        ? ((long) shape.users() + shape.items()) * Integer.BYTES
            + EpochTails.bytes(Math.ceilDiv(shape.ratings(), (long) shape.batchSize()))
        : 0;
  }

  private List<Object> side(
      DeviceBuffer steps,
      Function<DeviceWeights, DeviceTable> factors,
      Function<DeviceWeights, @Nullable DeviceTable> bias) {
    List<Object> arguments = new ArrayList<>(List.of(steps));
    List<DeviceWeights> numbers =
        List.of(trained.weights(), trained.slots().getFirst(), trained.slots().getLast());
    numbers.forEach(each -> arguments.add(factors.apply(each).buffer()));
    numbers.forEach(each -> arguments.add(Arguments.orNull(bias.apply(each))));
    return arguments;
  }

  private KernelCall call(String kernel, List<Object> first, List<Object> others) {
    List<Object> arguments = new ArrayList<>(first);
    arguments.addAll(others);
    return kernels.kernel(FILE, kernel).call(arguments.toArray());
  }

  /** What {@code deferred_adam_batches} takes beside what its like take. */
  List<Object> arguments() {
    List<Object> arguments = new ArrayList<>(List.of(userSteps, itemSteps));
    arguments.addAll(tails.arguments());
    return arguments;
  }

  /**
   * Begins to run batches.
   *
   * @param batch the first one
   * @param steps of the training so far
   */
  void begin(Stream stream, long batch, long steps) {
    if (batch > 0 && prepared) {
      return;
    }
    if (behind) {
      catchUpAll(stream); // of an epoch that was left before its end
    }
    // What is stored and loaded are current rows, so all stand where this epoch is gone on with.
    long perEpoch = job.batchesPerEpoch();
    tails.upload(
        AdamTails.of(adam, perEpoch, ahead -> rule.rate(steps - batch + ahead, perEpoch)), stream);
    step = Math.toIntExact(batch);
    standAt(step, userSteps, stream);
    standAt(step, itemSteps, stream);
    prepared = true;
  }

  /** Notes that all rows stand after a step. */
  private static void standAt(int step, DeviceBuffer steps, Stream stream) {
    if (step == 0) {
      steps.clear(stream);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(steps.size(), Integer.BYTES);
      for (long row = 0; row < steps.size() / Integer.BYTES; row++) {
        host.setAtIndex(ValueLayout.JAVA_INT, row, step);
      }
      steps.copyFrom(host, stream);
      stream.synchronize(); // the host's memory goes
    }
  }

  /** Catches up the rows of a batch, which is on the device. */
  void catchUp(Stream stream, DeviceMemory batch) {
    catchUpRows.launch(stream, batch);
  }

  /** Catches up all rows after the last batch of an epoch; not if one has diverged. */
  void endEpoch(Stream stream) {
    step = Math.toIntExact(job.batchesPerEpoch());
    catchUpAll(stream);
  }

  private void catchUpAll(Stream stream) {
    DeviceWeights weights = trained.weights();
    long rows = Math.max(weights.userFactors().rows(), weights.itemFactors().rows());
    catchUpTables.set(STEP, step).launch(stream, bothSides(rows));
  }

  private LaunchShape bothSides(long rows) {
    return launches.groups(rows, group).withGridY(SIDES);
  }

  /**
   * Notes where batches have ended.
   *
   * @param batch after the last one that has moved weights
   */
  void ended(long batch) {
    step = Math.toIntExact(batch);
    behind = batch < job.batchesPerEpoch();
  }

  /**
   * Looks at tables as if all rows were current.
   *
   * @param tables weights, or a slot
   * @param look is done with what it is given, or has its launches on the stream, when it returns
   */
  <T> T look(DeviceWeights tables, Stream stream, Function<DeviceWeights, T> look) {
    if (!behind) {
      return look.apply(tables);
    }
    DeviceWeights copy = trained.gradients(); // which nobody needs between batches
    int which = tables.equals(trained.weights()) ? 0 : 1 + trained.slots().indexOf(tables);
    try {
      copyRested(which, DeviceWeights::userFactors, userSteps, stream);
      copyRested(which, DeviceWeights::itemFactors, itemSteps, stream);
      if (copy.dense() != null && tables.dense() != null) {
        copy.dense().buffer().copyFrom(tables.dense().buffer(), stream); // moves in every step
      } else {
        copyRested(which, DeviceWeights::userBias, userSteps, stream);
        copyRested(which, DeviceWeights::itemBias, itemSteps, stream);
      }
      return look.apply(copy);
    } finally {
      copy.tables().forEach(table -> table.buffer().clear(stream));
    }
  }

  private void copyRested(
      int which,
      Function<DeviceWeights, @Nullable DeviceTable> table,
      DeviceBuffer steps,
      Stream stream) {
    Parameters from = trained.parameters(table);
    DeviceTable weights = from.weights();
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                step,
                which,
                steps,
                weights.rows(),
                weights.stride(),
                weights.buffer(),
                from.slot(0),
                from.slot(1)));
    arguments.addAll(tails.arguments());
    arguments.addAll(List.of(rule.epsilon(), from.gradient().buffer()));
    kernels
        .kernel(FILE, "rested_numbers")
        .call(arguments.toArray())
        .launch(stream, launches.items(weights.rows() * weights.stride()));
  }
}
