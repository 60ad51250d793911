package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Event;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * What a training, or a model that is served, has on the device: a stream, and buffers that end
 * with it.
 */
final class DeviceArena implements AutoCloseable {
  private final CudaContext context;
  private final Stream stream;

  /** Last made first. */
  private final Deque<Runnable> closing = new ArrayDeque<>();

  DeviceArena(CudaContext context) {
    this.context = context;
    stream = context.newStream();
    closing.push(stream::close);
  }

  CudaContext context() {
    return context;
  }

  /** The stream of all work on the buffers. */
  Stream stream() {
    return stream;
  }

  /** Allocates; what is in it is undefined. */
  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = context.allocate(bytes);
    closing.push(buffer::close);
    return buffer;
  }

  DeviceBuffer ints(long count) {
    return allocate(Math.multiplyExact(count, (long) Integer.BYTES));
  }

  DeviceBuffer floats(long count) {
    return allocate(Math.multiplyExact(count, (long) Float.BYTES));
  }

  DeviceBuffer doubles(long count) {
    return allocate(Math.multiplyExact(count, (long) Double.BYTES));
  }

  /** Page-locked memory of the host, for what comes back often. */
  PinnedMemory pinned(long bytes) {
    PinnedMemory memory = context.allocatePinned(bytes);
    closing.push(memory::close);
    return memory;
  }

  /** A stream beside {@link #stream}; closing waits for its work too. */
  Stream newStream() {
    Stream beside = context.newStream();
    closing.push(beside::close);
    closing.push(beside::synchronize);
    return beside;
  }

  Event newEvent() {
    Event event = context.newEvent();
    closing.push(event::close);
    return event;
  }

  /** Closes something with this, before what was made before it. */
  void own(Runnable close) {
    closing.push(close);
  }

  /**
   * Makes something that lives here, which is closed if that fails.
   *
   * @param making of it
   */
  static <T> T orClose(DeviceArena arena, Supplier<T> making) {
    boolean made = false;
    try {
      T thing = making.get();
      made = true;
      return thing;
    } finally {
      if (!made) {
        arena.close();
      }
    }
  }

  /** Waits for the work on the stream, then frees everything, whatever fails. */
  @Override
  public void close() {
    closing.addFirst(stream::synchronize);
    RuntimeException first = null;
    while (!closing.isEmpty()) {
      try {
        closing.pop().run();
      } catch (RuntimeException failure) {
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
