package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/** Device buffers that end together: those of a training, or of a model that is served. */
final class DeviceArena implements AutoCloseable {
  private final CudaContext context;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  DeviceArena(CudaContext context) {
    this.context = context;
  }

  /** Allocates; what is in it is undefined. */
  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = context.allocate(bytes);
    buffers.add(buffer);
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

  CudaContext context() {
    return context;
  }

  /** Work that uses the buffers must be done. */
  @Override
  public void close() {
    buffers.reversed().forEach(DeviceBuffer::close);
    buffers.clear();
  }
}
