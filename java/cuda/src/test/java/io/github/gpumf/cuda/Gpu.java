package io.github.gpumf.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DriverProbe;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.cuda.driver.TestDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The device as a kernel's test sees it: arrays go there, a kernel runs, arrays come back, and
 * everything is freed at the end. Each launch is waited for, so that an error is that of its
 * kernel.
 */
final class Gpu implements AutoCloseable {
  /** A pointer to nothing. */
  static final Long NULL = 0L;

  /** The bindings that every kernel's test goes through. */
  static final List<String> BINDINGS = List.of("jcuda", "foreign");

  private final CudaContext context;
  private final Kernels kernels;
  private final Stream stream;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  private Gpu(CudaContext context) {
    this.context = context;
    kernels = new Kernels(context);
    stream = context.newStream();
  }

  static Gpu open(String binding) {
    DriverProbe probe = binding.equals("jcuda") ? CudaDrivers.jcuda() : CudaDrivers.foreign();
    return new Gpu(CudaContext.open(TestDriver.of(probe), 0));
  }

  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = context.allocate(bytes);
    buffers.add(buffer);
    return buffer;
  }

  DeviceBuffer of(int... values) {
    return upload(MemorySegment.ofArray(values));
  }

  DeviceBuffer of(long... values) {
    return upload(MemorySegment.ofArray(values));
  }

  DeviceBuffer of(float... values) {
    return upload(MemorySegment.ofArray(values));
  }

  DeviceBuffer of(double... values) {
    return upload(MemorySegment.ofArray(values));
  }

  /** A batch, as its kernels find it. */
  DeviceBuffer batch(long number, int start, int size, float rate) {
    DeviceBuffer buffer = allocate(BatchLayout.BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(BatchLayout.BYTES, Long.BYTES);
      BatchLayout.write(host, 0, number, start, size, rate);
      buffer.copyFrom(host, stream);
      stream.synchronize();
    }
    return buffer;
  }

  private DeviceBuffer upload(MemorySegment values) {
    DeviceBuffer buffer = allocate(values.byteSize());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(Math.max(1, values.byteSize()), 8);
      buffer.copyFrom(host.asSlice(0, values.byteSize()).copyFrom(values), stream);
      stream.synchronize();
    }
    return buffer;
  }

  /** A table of rows of k floats, padded with zeros to whole float4. */
  DeviceBuffer table(float[] rows, int k) {
    int stride = stride(k);
    float[] padded = new float[rows.length / k * stride];
    for (int row = 0; row < rows.length / k; row++) {
      System.arraycopy(rows, row * k, padded, row * stride, k);
    }
    return of(padded);
  }

  /** A table of halves: of floats that are halves, in rows of k. */
  DeviceBuffer halves(float[] rows, int k) {
    int stride = stride(k);
    int padded = (rows.length / k * stride + 7) / 8 * 8; // the table ends with whole vectors
    short[] halves = new short[padded];
    for (int at = 0; at < rows.length; at++) {
      halves[at / k * stride + at % k] = Float.floatToFloat16(rows[at]);
    }
    return upload(MemorySegment.ofArray(halves));
  }

  /** Rows of halves, widened, without their padding, which must be zero. */
  float[] rowsOfHalves(DeviceBuffer table, int rows, int k) {
    int stride = stride(k);
    short[] halves = download(table).toArray(JAVA_SHORT);
    float[] floats = new float[rows * k];
    for (int at = 0; at < halves.length; at++) {
      if (at % stride < k && at / stride < rows) {
        floats[at / stride * k + at % stride] = Float.float16ToFloat(halves[at]);
      } else if (halves[at] != 0) {
        throw new AssertionError("padding of row " + at / stride + " is not zero");
      }
    }
    return floats;
  }

  /** A column of single numbers, padded with zeros to whole float4. */
  DeviceBuffer column(float[] values) {
    return of(java.util.Arrays.copyOf(values, stride(values.length)));
  }

  /** Rows without their padding, which must be zero. */
  float[] rows(DeviceBuffer table, int k) {
    int stride = stride(k);
    float[] padded = floats(table);
    float[] rows = new float[padded.length / stride * k];
    for (int at = 0; at < padded.length; at++) {
      if (at % stride < k) {
        rows[at / stride * k + at % stride] = padded[at];
      } else if (padded[at] != 0) {
        throw new AssertionError(
            "padding of row " + at / stride + " is not zero but " + padded[at]);
      }
    }
    return rows;
  }

  static int stride(int k) {
    return (k + 3) / 4 * 4;
  }

  /** float4 of a row. */
  static int vectors(int k) {
    return stride(k) / 4;
  }

  /** Lanes that share a row: as in rows.cuh. */
  static int group(int k) {
    int group = 1;
    while (group < 32 && group < vectors(k)) {
      group *= 2;
    }
    return group;
  }

  int[] ints(DeviceBuffer buffer) {
    return download(buffer).toArray(JAVA_INT);
  }

  long[] longs(DeviceBuffer buffer) {
    return download(buffer).toArray(JAVA_LONG);
  }

  float[] floats(DeviceBuffer buffer) {
    return download(buffer).toArray(JAVA_FLOAT);
  }

  double[] doubles(DeviceBuffer buffer) {
    return download(buffer).toArray(JAVA_DOUBLE);
  }

  private MemorySegment download(DeviceBuffer buffer) {
    MemorySegment host = Arena.ofAuto().allocate(Math.max(1, buffer.size()), 8);
    MemorySegment target = host.asSlice(0, buffer.size());
    buffer.copyTo(target, stream);
    stream.synchronize();
    return target;
  }

  void clear(DeviceBuffer buffer) {
    buffer.clear(stream);
    stream.synchronize();
  }

  /** Runs a kernel of a file to its end. */
  void run(String file, String kernel, LaunchShape shape, Object... arguments) {
    kernels.kernel(file, kernel).call(arguments).launch(stream, shape);
    stream.synchronize();
  }

  /** Runs a kernel whose blocks wait for one another to its end. */
  void runAtOnce(String file, String kernel, LaunchShape shape, Object... arguments) {
    kernels.kernel(file, kernel).call(arguments).launchAtOnce(stream, shape);
    stream.synchronize();
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
    stream.close();
    kernels.close();
    context.close();
  }
}
