package io.github.gpumf.bench;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDriver;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DriverProbe;
import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.KernelModule;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.PinnedMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a launch and a small copy cost on the host, through JCuda and through {@code
 * java.lang.foreign}. Both call the same driver with the same calls, the one that makes the context
 * current included.
 *
 * <p>On the stand-in driver the times are those of binding and stand-in together. {@link #query} is
 * where it does least, so that the bindings' difference shows best there.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH calls open() before anything else.
public class BindingBenchmark {
  /**
   * Between two waits: about half of what the queue of a GPU holds, so that no call waits for room,
   * and long enough, at a microsecond a call, for JMH to time the calls without the wait.
   */
  private static final int BATCH = 500;

  private static final int COPY_BYTES = 64;

  /**
   * Runs on every GPU. Without parameters, because the stand-in spends microseconds on checking
   * that each can be read; to the bindings they make no difference, being one pointer.
   */
  private static final String PTX =
      """
      .version 7.0
      .target sm_75
      .address_size 64
      .visible .entry nothing()
      {
        ret;
      }
      """;

  private static final LaunchShape SHAPE = LaunchShape.of(1, 1);

  /** Through what the driver is called. */
  @Param({"jcuda", "foreign"})
  public String binding = "";

  private CudaContext context;
  private Stream stream;
  private KernelModule module;
  private DeviceBuffer buffer;
  private PinnedMemory pinned;
  private KernelCall call;

  /** For JMH. */
  public BindingBenchmark() {}

  private static CudaDriver driver(DriverProbe probe) {
    return switch (probe) {
      case Found found -> found.driver();
      case Missing missing ->
          throw new IllegalStateException(missing.reason() + "; " + missing.remedy());
    };
  }

  /** Makes all that is used, and checks that a copy arrives. */
  @Setup(Level.Trial)
  public void open() {
    DriverProbe probe = binding.equals("jcuda") ? CudaDrivers.jcuda() : CudaDrivers.foreign();
    context = CudaContext.open(driver(probe), 0);
    stream = context.newStream();
    module = context.load(PTX);
    buffer = context.allocate(COPY_BYTES);
    pinned = context.allocatePinned(2 * COPY_BYTES);
    call = module.kernel("nothing").call();
    checkCopy();
  }

  private MemorySegment source() {
    return pinned.segment().asSlice(0, COPY_BYTES);
  }

  private void checkCopy() {
    MemorySegment target = pinned.segment().asSlice(COPY_BYTES, COPY_BYTES);
    for (int i = 0; i < COPY_BYTES; i++) {
      source().set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
    }
    buffer.copyFrom(source(), stream);
    buffer.copyTo(target, stream);
    stream.synchronize();
    if (source().mismatch(target) != -1) {
      throw new IllegalStateException("a copy through " + binding + " does not arrive");
    }
  }

  /** Waits between the batches, outside the time taken: what is measured is the host's part. */
  @State(Scope.Thread)
  public static class Drained {
    /** For JMH. */
    public Drained() {}

    /**
     * Waits.
     *
     * @param benchmark that put work into its stream
     */
    @TearDown(Level.Invocation)
    public void drain(BindingBenchmark benchmark) {
      benchmark.stream.synchronize();
    }
  }

  /**
   * A launch of a kernel that does nothing.
   *
   * @param drained waits for the kernels
   */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void launch(Drained drained) {
    for (int time = 0; time < BATCH; time++) {
      call.launch(stream, SHAPE);
    }
  }

  /**
   * A copy of 64 bytes from pinned memory to the device.
   *
   * @param drained waits for the copies
   */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void copy(Drained drained) {
    MemorySegment source = source();
    for (int time = 0; time < BATCH; time++) {
      buffer.copyFrom(source, stream);
    }
  }

  /**
   * Two calls that the driver answers at once: making the context current and asking a stream with
   * nothing in it.
   *
   * @return true
   */
  @Benchmark
  public boolean query() {
    return stream.isDone();
  }

  /** Closes all of it. */
  @TearDown(Level.Trial)
  public void close() {
    pinned.close();
    buffer.close();
    module.close();
    stream.close();
    context.close();
  }
}
