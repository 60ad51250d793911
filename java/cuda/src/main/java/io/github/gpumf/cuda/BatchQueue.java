package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.DeviceSlice;
import io.github.gpumf.cuda.driver.Event;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The batches to come, as kernels find them on the device ({@link BatchLayout}): 24 bytes each, for
 * many at a time in one copy. Kernels look for them in places that stay the same, where a copy on
 * the device brings the next few, so that their launches are recorded once and replayed ({@link
 * StepGraphs}).
 *
 * <p>For one thread at a time.
 */
final class BatchQueue {
  /** Batches of a copy to the device: 96 KiB, for 10 ms of work or more. */
  private static final int MOST_AHEAD = 1 << 12;

  /** Writes a batch as {@link BatchLayout#write} does. */
  @FunctionalInterface
  interface Writer {
    /**
     * Writes it.
     *
     * @param batches host memory
     * @param index of the batch there
     * @param batch which of the batches that are launched, from 0
     */
    void write(MemorySegment batches, int index, int batch);
  }

  private final Stream stream;
  private final int ahead;
  private final PinnedMemory host;
  private final DeviceBuffer device;
  private final DeviceBuffer current;
  private final List<DeviceSlice> places = new ArrayList<>();

  /** When the host's side may be overwritten. */
  private final Event copied;

  private final StepGraphs graphs;

  /**
   * Allocates.
   *
   * @param batches of a window
   * @param step launches the step of a batch, given its place on the device, on the arena's stream;
   *     the same launches each time
   */
  BatchQueue(long batches, Consumer<DeviceMemory> step, DeviceArena arena) {
    stream = arena.stream();
    ahead = ahead(batches);
    host = arena.pinned((long) ahead * BatchLayout.BYTES);
    device = arena.allocate((long) ahead * BatchLayout.BYTES);
    current = arena.allocate((long) StepGraphs.MOST_BATCHES * BatchLayout.BYTES);
    for (int place = 0; place < StepGraphs.MOST_BATCHES; place++) {
      places.add(current.slice((long) place * BatchLayout.BYTES, BatchLayout.BYTES));
    }
    copied = arena.newEvent();
    graphs = new StepGraphs(count -> places.subList(0, count).forEach(step), arena);
  }

  /** Device memory. */
  static long bytes(long batches) {
    return (long) (ahead(batches) + StepGraphs.MOST_BATCHES) * BatchLayout.BYTES;
  }

  private static int ahead(long batches) {
    return (int) Math.min(batches, MOST_AHEAD);
  }

  /**
   * Launches the steps of batches.
   *
   * @param batches how many
   * @param writer of each
   */
  void launch(int batches, Writer writer) {
    for (int first = 0; first < batches; first += ahead) {
      int count = Math.min(ahead, batches - first);
      upload(first, count, writer);
      for (int done = 0; done < count; ) {
        int next = graphs.next(count - done);
        take(done, next);
        graphs.launch(next);
        done += next;
      }
    }
  }

  /** Waits until the batches before are there, which is long before they are done. */
  private void upload(int first, int count, Writer writer) {
    copied.synchronize();
    MemorySegment batches = host.segment();
    for (int index = 0; index < count; index++) {
      writer.write(batches, index, first + index);
    }
    long bytes = (long) count * BatchLayout.BYTES;
    device.slice(0, bytes).copyFrom(batches.asSlice(0, bytes), stream);
    copied.record(stream);
  }

  /** Brings uploaded batches to the first places. */
  private void take(int from, int count) {
    long bytes = (long) count * BatchLayout.BYTES;
    current.slice(0, bytes).copyFrom(device.slice((long) from * BatchLayout.BYTES, bytes), stream);
  }
}
