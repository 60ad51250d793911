package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.Event;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Batches that one block holds ({@code small_batches.cu}). Launch by launch they would wait for
 * launches most of the time, so one launch does all batches of a window; or, where the optimizer
 * moves whole tables, which one block is too slow for, all of a batch but its moves.
 *
 * <p>The bits are those of the launches one by one; {@link Launches#together} chooses.
 */
final class SmallBatches {
  private static final String FILE = "small_batches";

  /** How often the block may go over a batch until launches that fill the device are quicker. */
  private static final int MOST_TURNS = 4;

  // Places of the arguments that are new in each launch: of many batches, and of one.
  private static final int START = 0;
  private static final int COUNT = 1;
  private static final int FIRST = 2;
  private static final int BATCH = 0;

  private static final List<Object> NO_TABLES = Collections.nCopies(5, Arguments.NULL);

  private final LaunchShape shape;
  private final KernelCall call;

  /** Null if the moves are launched one by one. */
  private final @Nullable Rates rates;

  /** The learning rates of batches to come. */
  private record Rates(PinnedMemory host, DeviceBuffer device, Event copied) {
    private void upload(int count, LongToDoubleFunction rate, Stream stream) {
      copied.synchronize(); // the host's side is free again
      for (int batch = 0; batch < count; batch++) {
        host.segment().setAtIndex(ValueLayout.JAVA_FLOAT, batch, (float) rate.applyAsDouble(batch));
      }
      long bytes = (long) count * Float.BYTES;
      device.slice(0, bytes).copyFrom(host.segment().asSlice(0, bytes), stream);
      copied.record(stream);
    }
  }

  private SmallBatches(LaunchShape shape, KernelCall call, @Nullable Rates rates) {
    this.shape = shape;
    this.call = call;
    this.rates = rates;
  }

  /** Whether one block holds a batch. */
  static boolean fit(int batchSize, int group) {
    return (long) batchSize * group <= MOST_TURNS * BatchLayout.MOST_THREADS;
  }

  /**
   * Whether it does whole batches well: the optimizer moves the rows of the batch alone, and no
   * loss wants the squares of whole tables, as with Keras' L2.
   */
  static boolean fitWhole(TrainingShape shape) {
    return shape.spec().l2() == 0 && !UpdateRule.movesEveryRow(shape);
  }

  /** Does batches up to their gradients. */
  static SmallBatches gradients(LaunchShape shape, List<Object> step, Kernels kernels) {
    List<Object> first = List.of(Arguments.NULL);
    return new SmallBatches(shape, call("small_gradients", first, step, kernels), null);
  }

  /**
   * Does whole batches.
   *
   * @param step the arguments that {@link #gradients} takes
   * @param slots the optimizer's numbers, at most two
   * @param resting null if no rows rest
   * @param mostBatches of a window
   */
  static SmallBatches whole(
      TrainingJob job,
      UpdateRule rule,
      LaunchShape shape,
      List<Object> step,
      List<DeviceWeights> slots,
      @Nullable RestingRows resting,
      long mostBatches,
      Kernels kernels,
      DeviceArena arena) {
    long bytes = mostBatches * Float.BYTES;
    Rates rates = new Rates(arena.pinned(bytes), arena.allocate(bytes), arena.newEvent());
    List<Object> arguments = new ArrayList<>(step);
    arguments.add(rates.device());
    for (int slot = 0; slot < 2; slot++) {
      arguments.addAll(slot < slots.size() ? tables(slots.get(slot)) : NO_TABLES);
    }
    arguments.addAll(List.of(job.spec().factors(), rule.a(), rule.b(), rule.epsilon()));
    String kernel = rule.kernel() + (rule.byRow() ? "_row" : "") + "_batches";
    if (resting != null) {
      kernel = "deferred_" + kernel;
      arguments.addAll(resting.arguments());
    }
    return new SmallBatches(shape, call(kernel, List.of(0, 0, 0L), arguments, kernels), rates);
  }

  /** In the order of the kernels' parameters. */
  static List<Object> tables(DeviceWeights weights) {
    return List.of(
        weights.userFactors().buffer(),
        weights.itemFactors().buffer(),
        Arguments.orNull(weights.userBias()),
        Arguments.orNull(weights.itemBias()),
        Arguments.orNull(weights.dense()));
  }

  private static KernelCall call(
      String kernel, List<Object> first, List<Object> step, Kernels kernels) {
    List<Object> arguments = new ArrayList<>(first);
    arguments.addAll(step);
    return kernels.kernel(FILE, kernel).call(arguments.toArray());
  }

  /** Whether a launch does many batches and their moves. */
  boolean doWholeBatches() {
    return rates != null;
  }

  /** Launches one batch up to its gradients, which is on the device. */
  void launch(Stream stream, DeviceMemory batch) {
    call.set(BATCH, batch).launch(stream, shape);
  }

  /**
   * Launches whole batches.
   *
   * @param batch the first one's number in the epoch
   * @param batches how many
   * @param start of the first one in the window
   * @param positions of all of them
   * @param rate of each, from 0
   */
  void launch(
      Stream stream, long batch, int batches, int start, int positions, LongToDoubleFunction rate) {
    if (rates == null) {
      throw new IllegalStateException("these are gradients only");
    }
    rates.upload(batches, rate, stream);
    call.set(START, start).set(COUNT, positions).set(FIRST, batch).launch(stream, shape);
  }
}
