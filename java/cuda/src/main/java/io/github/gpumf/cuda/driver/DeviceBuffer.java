package io.github.gpumf.cuda.driver;

/** Device memory that is allocated, and freed when it is closed. */
public final class DeviceBuffer extends Owned implements DeviceMemory {
  private final long address;
  private final long size;

  private DeviceBuffer(CudaContext context, long address, long size) {
    super(context);
    this.address = address;
    this.size = size;
  }

  static DeviceBuffer allocate(CudaContext context, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    try {
      return context.own(
          () ->
              new DeviceBuffer(context, bytes == 0 ? 0 : context.enter().cuMemAlloc(bytes), bytes));
    } catch (CudaException failure) {
      throw failure.code() == Remedies.OUT_OF_MEMORY
          ? failure.during(bytes + " bytes asked for, " + free(context))
          : failure;
    }
  }

  private static String free(CudaContext context) {
    CudaDriver.MemoryInfo memory = context.memory();
    return memory.free() + " of " + memory.total() + " free";
  }

  @Override
  public long address() {
    requireOpen();
    return address;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public DeviceSlice slice(long offset, long bytes) {
    return new DeviceSlice(this, offset, bytes);
  }

  @Override
  void release(CudaDriver driver) {
    if (size > 0) {
      driver.cuMemFree(address);
    }
  }

  @Override
  public String toString() {
    return "a device buffer of " + size + " bytes";
  }
}
