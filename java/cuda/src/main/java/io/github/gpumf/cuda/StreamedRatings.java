package io.github.gpumf.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.gpumf.backend.EpochOrder;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Event;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Ratings that stay on the host, for a device that has no room for them. A window goes there when
 * its turn comes:
 *
 * <ol>
 *   <li>Threads of the host gather its rows, in the order of the epoch, into page-locked memory.
 *   <li>A stream of its own copies them to a buffer on the device, while the batches of the window
 *       before are trained on.
 *   <li>The training's stream waits for the copy, and takes it.
 * </ol>
 *
 * <p>There are two of each buffer. Launches return long before the device is done, so while it
 * works on a window the host gathers the next one. Events see to it that nothing is overwritten
 * that is still wanted.
 *
 * <p>The columns are those that {@link ResidentRatings} gathers, so the bits of a training are the
 * same.
 */
final class StreamedRatings implements WindowSource {
  /** Every column has four bytes a rating. */
  private static final long COLUMN_BYTES = Integer.BYTES;

  /** A piece worth another thread's time: some 100 us. */
  private static final int PIECE = 1 << 13;

  static final int SLOTS = 2;

  /** Room for a window on both sides of the bus. */
  private static final class Slot {
    private final PinnedMemory host;
    private final DeviceBuffer device;

    /** When the host's side may be overwritten, and the device's may be read. */
    private final Event copied;

    /** When the device's side may be overwritten. */
    private final Event taken;

    private int epoch = -1;
    private long start;

    private Slot(long bytes, DeviceArena arena) {
      host = arena.pinned(bytes);
      device = arena.allocate(bytes);
      copied = arena.newEvent();
      taken = arena.newEvent();
    }

    private boolean holds(int wantedEpoch, long wantedStart) {
      return epoch == wantedEpoch && start == wantedStart;
    }
  }

  private final TrainingJob job;
  private final int positions;
  private final List<MemorySegment> columns = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private final Stream copies;
  private final ExecutorService threads;

  /** The slot to fill next. */
  private int next;

  /**
   * Allocates the buffers.
   *
   * @param positions of a window
   */
  StreamedRatings(TrainingJob job, int positions, DeviceArena arena) {
    this.job = job;
    Ratings ratings = job.ratings();
    columns.add(ratings.userColumn());
    columns.add(ratings.itemColumn());
    columns.add(ratings.valueColumn());
    MemorySegment weights = ratings.weightColumn();
    if (weights != null) {
      columns.add(weights);
    }
    long bytes = COLUMN_BYTES * columns.size();
    this.positions = positions;
    for (int slot = 0; slot < SLOTS; slot++) {
      slots.add(new Slot(bytes * positions, arena));
    }
    copies = arena.newStream(); // closed, and so waited for, before the slots are
    threads = Executors.newFixedThreadPool(job.threads());
    arena.own(threads::close);
  }

  @Override
  public int positions() {
    return positions;
  }

  @Override
  public boolean weighted() {
    return columns.size() > 3;
  }

  @Override
  public void fill(int epoch, long start, int count, DeviceRatings wanted, Stream stream) {
    prepare(epoch, start, count);
    Slot slot = slots.get(1 - next);
    stream.waitFor(slot.copied);
    take(slot, 0, count, wanted.users(), stream);
    take(slot, 1, count, wanted.items(), stream);
    take(slot, 2, count, wanted.values(), stream);
    if (wanted.weights() != null) {
      take(slot, 3, count, wanted.weights(), stream);
    }
    slot.taken.record(stream);
  }

  private static void take(Slot slot, int column, int count, DeviceBuffer to, Stream stream) {
    long bytes = count * COLUMN_BYTES;
    to.slice(0, bytes).copyFrom(slot.device.slice(column * bytes, bytes), stream);
  }

  @Override
  public void prepare(int epoch, long start, int count) {
    if (slots.get(1 - next).holds(epoch, start)) {
      return;
    }
    Slot slot = slots.get(next);
    slot.epoch = -1;
    slot.copied.synchronize();
    long bytes = count * COLUMN_BYTES;
    gather(epoch, start, count, slot.host.segment());
    copies.waitFor(slot.taken);
    slot.device
        .slice(0, bytes * columns.size())
        .copyFrom(slot.host.segment().asSlice(0, bytes * columns.size()), copies);
    slot.copied.record(copies);
    slot.epoch = epoch;
    slot.start = start;
    next = 1 - next;
  }

  /** Columns one after the other, each of {@code count} numbers. */
  private void gather(int epoch, long start, int count, MemorySegment target) {
    if (!job.shuffle()) {
      for (int column = 0; column < columns.size(); column++) {
        long bytes = count * COLUMN_BYTES;
        MemorySegment.copy(
            columns.get(column), start * COLUMN_BYTES, target, column * bytes, bytes);
      }
      return;
    }
    Permutation order = EpochOrder.of(job, epoch);
    int pieces = Math.clamp(Math.ceilDiv(count, PIECE), 1, job.threads());
    List<CompletableFuture<Void>> running = new ArrayList<>();
    for (int piece = 0; piece < pieces; piece++) {
      int from = (int) ((long) count * piece / pieces);
      int to = (int) ((long) count * (piece + 1) / pieces);
      running.add(
          CompletableFuture.runAsync(() -> gather(order, start, count, from, to, target), threads));
    }
    // All of them, whatever happens: they write to memory that is freed after a failure.
    CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).join();
  }

  private void gather(
      Permutation order, long start, int count, int from, int to, MemorySegment target) {
    for (int position = from; position < to; position++) {
      long row = order.apply(start + position);
      for (int column = 0; column < columns.size(); column++) {
        // The bits, be they of an int or of a float.
        int bits = columns.get(column).getAtIndex(JAVA_INT, row);
        target.setAtIndex(JAVA_INT, (long) column * count + position, bits);
      }
    }
  }
}
