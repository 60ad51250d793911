package io.github.gpumf.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory: copies from and to it run at the speed of the bus, and beside other
 * work. There should be little of it, since the system cannot page it out.
 */
public final class PinnedMemory extends Owned {
  private final long address;
  private final MemorySegment segment;

  /** Ends the segment when the memory is freed. */
  private final Arena arena;

  /** The arena is closed with this; for address and length the driver vouches. */
  @SuppressWarnings({"MustBeClosedChecker", "restricted"})
  private PinnedMemory(CudaContext context, long address, long bytes) {
    super(context);
    this.address = address;
    arena = Arena.ofShared();
    segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
  }

  static PinnedMemory allocate(CudaContext context, long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes of pinned memory");
    }
    return context.own(
        () -> new PinnedMemory(context, context.enter().cuMemHostAlloc(bytes, 0), bytes));
  }

  /**
   * The memory.
   *
   * @return for any thread, until this is closed
   * @throws IllegalStateException if this is closed
   */
  public MemorySegment segment() {
    requireOpen();
    return segment;
  }

  @Override
  void release(CudaDriver driver) {
    arena.close();
    driver.cuMemFreeHost(address);
  }

  @Override
  public String toString() {
    return "pinned memory of " + segment.byteSize() + " bytes";
  }
}
