package io.github.gpumf.cuda.driver;

import java.lang.foreign.MemorySegment;

/** What the driver, which sees an address only, cannot check about host memory. */
final class HostMemory {
  private HostMemory() {}

  static void requireReadable(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "a GPU copies from and to memory off the heap only; allocate it in an Arena, or pinned");
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the host memory is closed");
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException(
          "the host memory belongs to another thread; allocate it in a shared Arena");
    }
  }

  static void requireWritable(MemorySegment segment) {
    requireReadable(segment);
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("the host memory is read-only; nothing is copied there");
    }
  }
}
