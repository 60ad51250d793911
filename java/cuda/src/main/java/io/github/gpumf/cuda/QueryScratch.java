package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The stream of a query, and its memory on both sides of the bus; all of it ends with it. */
final class QueryScratch implements AutoCloseable {
  private final DeviceArena device;
  private final Arena host = Arena.ofConfined();

  QueryScratch(CudaContext context) {
    device = new DeviceArena(context);
  }

  DeviceArena device() {
    return device;
  }

  Stream stream() {
    return device.stream();
  }

  DeviceBuffer upload(int... values) {
    return upload(host.allocateFrom(ValueLayout.JAVA_INT, values));
  }

  DeviceBuffer upload(long... values) {
    return upload(host.allocateFrom(ValueLayout.JAVA_LONG, values));
  }

  private DeviceBuffer upload(MemorySegment values) {
    DeviceBuffer buffer = device.allocate(values.byteSize());
    buffer.copyFrom(values, stream());
    return buffer;
  }

  int[] ints(DeviceBuffer buffer) {
    return download(buffer, 0, buffer.size()).toArray(ValueLayout.JAVA_INT);
  }

  float[] floats(DeviceBuffer buffer) {
    return floats(buffer, 0, buffer.size() / Float.BYTES);
  }

  /** Some of a buffer's floats, {@code from} and on. */
  float[] floats(DeviceBuffer buffer, long from, long count) {
    return download(buffer, from * Float.BYTES, count * Float.BYTES)
        .toArray(ValueLayout.JAVA_FLOAT);
  }

  private MemorySegment download(DeviceBuffer buffer, long offset, long bytes) {
    MemorySegment values = host.allocate(bytes, Double.BYTES);
    buffer.slice(offset, bytes).copyTo(values, stream());
    stream().synchronize();
    return values;
  }

  /** Waits for the stream. */
  @Override
  public void close() {
    try {
      device.close();
    } finally {
      host.close();
    }
  }
}
