package io.github.gpumf.cuda.driver;

/** A part of a device buffer. */
public final class DeviceSlice implements DeviceMemory {
  private final DeviceBuffer buffer;
  private final long offset;
  private final long size;

  DeviceSlice(DeviceBuffer buffer, long offset, long size) {
    if (offset < 0 || size < 0 || offset > buffer.size() - size) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + offset + " + " + size + " are not all in " + buffer);
    }
    this.buffer = buffer;
    this.offset = offset;
    this.size = size;
  }

  @Override
  public CudaContext context() {
    return buffer.context();
  }

  @Override
  public long address() {
    return buffer.address() + offset;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public DeviceSlice slice(long from, long bytes) {
    if (from < 0 || bytes < 0 || from > size - bytes) {
      throw new IndexOutOfBoundsException(
          "bytes " + from + " to " + from + " + " + bytes + " are not all in " + this);
    }
    return new DeviceSlice(buffer, offset + from, bytes);
  }

  @Override
  public String toString() {
    return size + " bytes at " + offset + " of " + buffer;
  }
}
