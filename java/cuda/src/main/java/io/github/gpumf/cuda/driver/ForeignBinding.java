package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The driver through {@code java.lang.foreign}: no native code but the driver's own, so it serves
 * every platform that has one, and host memory of any size in one call.
 *
 * <p>Results come through memory of an arena that lives for the call. The calls of a training's
 * inner loop (launch, copy, fill, record, wait) have no such result and allocate nothing.
 */
final class ForeignBinding implements CudaDriver {
  private static final int SUCCESS = 0;
  private static final int NAME_BYTES = 256;
  private static final int UUID_BYTES = 16;
  private static final long MEMCPY_2D_BYTES = 128;
  private static final long MEMORY_HOST = 1;
  private static final long MEMORY_DEVICE = 2;

  /** What the driver knows something by: a pointer, or the number of a device. */
  private record Pointer(long value) implements Handle {}

  /** A call of the driver's, to be wrapped by {@link #call}. */
  @FunctionalInterface
  private interface Downcall {
    int run() throws Throwable;
  }

  private ForeignBinding() {}

  /**
   * Links the driver's functions.
   *
   * @throws LinkageError if there is no driver, or it lacks one of them
   */
  static ForeignBinding load() {
    ForeignCalls.ensureLinked();
    return new ForeignBinding();
  }

  private static long value(Handle handle) {
    return ((Pointer) handle).value();
  }

  private static int device(Handle handle) {
    return (int) value(handle);
  }

  /** Method handles are declared to throw anything; these of C functions throw nothing checked. */
  private static int call(Downcall downcall) {
    try {
      return downcall.run();
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("a C function threw", impossible);
    }
  }

  private void check(String name, Downcall downcall) {
    int code = call(downcall);
    if (code != SUCCESS) {
      throw CudaException.of(this, name, code);
    }
  }

  private boolean checkReady(String name, Downcall downcall) {
    int code = call(downcall);
    if (code == Remedies.NOT_READY) {
      return false;
    }
    if (code != SUCCESS) {
      throw CudaException.of(this, name, code);
    }
    return true;
  }

  /** A call that has an int as its result. */
  private interface Result {
    int into(MemorySegment result) throws Throwable;
  }

  private int resultInt(String name, Result result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      check(name, () -> result.into(value));
      return value.get(JAVA_INT, 0);
    }
  }

  private long resultLong(String name, Result result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_LONG);
      check(name, () -> result.into(value));
      return value.get(JAVA_LONG, 0);
    }
  }

  private Handle resultHandle(String name, Result result) {
    return new Pointer(resultLong(name, result));
  }

  @SuppressWarnings("restricted") // The driver gives no length; its texts end in a NUL.
  private static @Nullable String text(Result result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pointer = arena.allocate(ADDRESS);
      int code = call(() -> result.into(pointer));
      MemorySegment text = pointer.get(ADDRESS, 0);
      return code == SUCCESS && text.address() != 0
          ? text.reinterpret(Long.MAX_VALUE).getString(0)
          : null;
    }
  }

  @Override
  public String binding() {
    return "foreign";
  }

  @Override
  public @Nullable String cuGetErrorName(int code) {
    return text(pointer -> (int) ForeignCalls.GET_ERROR_NAME.invokeExact(code, pointer));
  }

  @Override
  public @Nullable String cuGetErrorString(int code) {
    return text(pointer -> (int) ForeignCalls.GET_ERROR_STRING.invokeExact(code, pointer));
  }

  @Override
  public void cuInit() {
    check("cuInit", () -> (int) ForeignCalls.INIT.invokeExact(0));
  }

  @Override
  public int cuDriverGetVersion() {
    return resultInt(
        "cuDriverGetVersion",
        version -> (int) ForeignCalls.DRIVER_GET_VERSION.invokeExact(version));
  }

  @Override
  public int cuDeviceGetCount() {
    return resultInt(
        "cuDeviceGetCount", count -> (int) ForeignCalls.DEVICE_GET_COUNT.invokeExact(count));
  }

  @Override
  public Handle cuDeviceGet(int ordinal) {
    return new Pointer(
        resultInt(
            "cuDeviceGet", device -> (int) ForeignCalls.DEVICE_GET.invokeExact(device, ordinal)));
  }

  @Override
  public String cuDeviceGetName(Handle device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(NAME_BYTES);
      check(
          "cuDeviceGetName",
          () -> (int) ForeignCalls.DEVICE_GET_NAME.invokeExact(name, NAME_BYTES, device(device)));
      return name.getString(0);
    }
  }

  @Override
  public UUID cuDeviceGetUuid(Handle device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment uuid = arena.allocate(UUID_BYTES);
      check(
          "cuDeviceGetUuid",
          () -> (int) ForeignCalls.DEVICE_GET_UUID.invokeExact(uuid, device(device)));
      ByteBuffer bytes = uuid.asByteBuffer();
      return new UUID(bytes.getLong(), bytes.getLong());
    }
  }

  @Override
  public int cuDeviceGetAttribute(int attribute, Handle device) {
    return resultInt(
        "cuDeviceGetAttribute",
        value ->
            (int) ForeignCalls.DEVICE_GET_ATTRIBUTE.invokeExact(value, attribute, device(device)));
  }

  @Override
  public long cuDeviceTotalMem(Handle device) {
    return resultLong(
        "cuDeviceTotalMem",
        bytes -> (int) ForeignCalls.DEVICE_TOTAL_MEM.invokeExact(bytes, device(device)));
  }

  @Override
  public Handle cuDevicePrimaryCtxRetain(Handle device) {
    return resultHandle(
        "cuDevicePrimaryCtxRetain",
        context -> (int) ForeignCalls.PRIMARY_CTX_RETAIN.invokeExact(context, device(device)));
  }

  @Override
  public void cuDevicePrimaryCtxRelease(Handle device) {
    check(
        "cuDevicePrimaryCtxRelease",
        () -> (int) ForeignCalls.PRIMARY_CTX_RELEASE.invokeExact(device(device)));
  }

  @Override
  public void cuCtxSetCurrent(@Nullable Handle context) {
    long value = context == null ? 0 : value(context);
    check("cuCtxSetCurrent", () -> (int) ForeignCalls.CTX_SET_CURRENT.invokeExact(value));
  }

  @Override
  public MemoryInfo cuMemGetInfo() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(JAVA_LONG);
      MemorySegment total = arena.allocate(JAVA_LONG);
      check("cuMemGetInfo", () -> (int) ForeignCalls.MEM_GET_INFO.invokeExact(free, total));
      return new MemoryInfo(free.get(JAVA_LONG, 0), total.get(JAVA_LONG, 0));
    }
  }

  @Override
  public long cuMemAlloc(long bytes) {
    return resultLong(
        "cuMemAlloc", address -> (int) ForeignCalls.MEM_ALLOC.invokeExact(address, bytes));
  }

  @Override
  public void cuMemFree(long address) {
    check("cuMemFree", () -> (int) ForeignCalls.MEM_FREE.invokeExact(address));
  }

  @Override
  public long cuMemHostAlloc(long bytes, int flags) {
    return resultLong(
        "cuMemHostAlloc",
        address -> (int) ForeignCalls.MEM_HOST_ALLOC.invokeExact(address, bytes, flags));
  }

  @Override
  public void cuMemFreeHost(long address) {
    check("cuMemFreeHost", () -> (int) ForeignCalls.MEM_FREE_HOST.invokeExact(address));
  }

  @Override
  public void cuMemcpyHtoDAsync(long target, MemorySegment source, Handle stream) {
    check(
        "cuMemcpyHtoDAsync",
        () ->
            (int)
                ForeignCalls.MEMCPY_H_TO_D.invokeExact(
                    target, source, source.byteSize(), value(stream)));
  }

  @Override
  public void cuMemcpyDtoHAsync(MemorySegment target, long source, Handle stream) {
    check(
        "cuMemcpyDtoHAsync",
        () ->
            (int)
                ForeignCalls.MEMCPY_D_TO_H.invokeExact(
                    target, source, target.byteSize(), value(stream)));
  }

  @Override
  public void cuMemcpyDtoDAsync(long target, long source, long bytes, Handle stream) {
    check(
        "cuMemcpyDtoDAsync",
        () -> (int) ForeignCalls.MEMCPY_D_TO_D.invokeExact(target, source, bytes, value(stream)));
  }

  /** One half of a CUDA_MEMCPY2D: x, y, type of memory, host, device, array, pitch. */
  private static void place(
      MemorySegment half, long memoryType, long host, long device, long pitch) {
    half.set(JAVA_LONG, 16, memoryType);
    half.set(JAVA_LONG, 24, host);
    half.set(JAVA_LONG, 32, device);
    half.set(JAVA_LONG, 48, pitch);
  }

  private void copyRows(
      boolean toDevice, MemorySegment host, long device, Rows rows, Handle stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(MEMCPY_2D_BYTES, Long.BYTES);
      MemorySegment source = copy.asSlice(0, 56);
      MemorySegment target = copy.asSlice(56, 56);
      place(toDevice ? source : target, MEMORY_HOST, host.address(), 0, rows.hostPitch());
      place(toDevice ? target : source, MEMORY_DEVICE, 0, device, rows.devicePitch());
      copy.set(JAVA_LONG, 112, rows.bytes());
      copy.set(JAVA_LONG, 120, rows.count());
      check("cuMemcpy2DAsync", () -> (int) ForeignCalls.MEMCPY_2D.invokeExact(copy, value(stream)));
    } finally {
      // The structure holds an address only.
      Reference.reachabilityFence(host);
    }
  }

  @Override
  public void cuMemcpy2DAsync(long target, MemorySegment source, Rows rows, Handle stream) {
    copyRows(true, source, target, rows, stream);
  }

  @Override
  public void cuMemcpy2DAsync(MemorySegment target, long source, Rows rows, Handle stream) {
    copyRows(false, target, source, rows, stream);
  }

  @Override
  public void cuMemsetD8Async(long target, byte value, long count, Handle stream) {
    check(
        "cuMemsetD8Async",
        () -> (int) ForeignCalls.MEMSET_D8.invokeExact(target, value, count, value(stream)));
  }

  @Override
  public void cuMemsetD32Async(long target, int value, long count, Handle stream) {
    check(
        "cuMemsetD32Async",
        () -> (int) ForeignCalls.MEMSET_D32.invokeExact(target, value, count, value(stream)));
  }

  @Override
  public Handle cuModuleLoadDataEx(byte[] ptx) {
    try (Arena arena = Arena.ofConfined()) {
      // The driver takes a C string; fresh memory ends in the NUL.
      MemorySegment text = arena.allocate(ptx.length + 1L);
      MemorySegment.copy(ptx, 0, text, JAVA_BYTE, 0, ptx.length);
      CompilerLog log = new CompilerLog(arena);
      MemorySegment options = CompilerLog.options(arena);
      int count = CompilerLog.options().length;
      try {
        return resultHandle(
            "cuModuleLoadDataEx",
            module ->
                (int)
                    ForeignCalls.MODULE_LOAD_DATA_EX.invokeExact(
                        module, text, count, options, log.values()));
      } catch (CudaException failure) {
        throw log.explain(failure);
      }
    }
  }

  @Override
  public Handle cuModuleGetFunction(Handle module, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return resultHandle(
          "cuModuleGetFunction",
          function ->
              (int) ForeignCalls.MODULE_GET_FUNCTION.invokeExact(function, value(module), text));
    }
  }

  @Override
  public void cuModuleUnload(Handle module) {
    check("cuModuleUnload", () -> (int) ForeignCalls.MODULE_UNLOAD.invokeExact(value(module)));
  }

  @Override
  public int cuFuncGetAttribute(int attribute, Handle function) {
    return resultInt(
        "cuFuncGetAttribute",
        value ->
            (int) ForeignCalls.FUNC_GET_ATTRIBUTE.invokeExact(value, attribute, value(function)));
  }

  @Override
  public void cuFuncSetAttribute(Handle function, int attribute, int value) {
    check(
        "cuFuncSetAttribute",
        () -> (int) ForeignCalls.FUNC_SET_ATTRIBUTE.invokeExact(value(function), attribute, value));
  }

  @Override
  public int cuOccupancyMaxActiveBlocksPerMultiprocessor(
      Handle function, int threads, long sharedBytes) {
    return resultInt(
        "cuOccupancyMaxActiveBlocksPerMultiprocessor",
        blocks ->
            (int)
                ForeignCalls.MAX_ACTIVE_BLOCKS.invokeExact(
                    blocks, value(function), threads, sharedBytes));
  }

  @Override
  public void cuLaunchKernel(
      Handle function, LaunchShape shape, Handle stream, MemorySegment parameters) {
    check(
        "cuLaunchKernel",
        () ->
            (int)
                ForeignCalls.LAUNCH_KERNEL.invokeExact(
                    value(function),
                    shape.gridX(),
                    shape.gridY(),
                    shape.gridZ(),
                    shape.blockX(),
                    shape.blockY(),
                    shape.blockZ(),
                    shape.sharedBytes(),
                    value(stream),
                    parameters,
                    0L));
  }

  @Override
  public void cuLaunchCooperativeKernel(
      Handle function, LaunchShape shape, Handle stream, MemorySegment parameters) {
    check(
        "cuLaunchCooperativeKernel",
        () ->
            (int)
                ForeignCalls.LAUNCH_COOPERATIVE_KERNEL.invokeExact(
                    value(function),
                    shape.gridX(),
                    shape.gridY(),
                    shape.gridZ(),
                    shape.blockX(),
                    shape.blockY(),
                    shape.blockZ(),
                    shape.sharedBytes(),
                    value(stream),
                    parameters));
  }

  @Override
  public Handle cuStreamCreate(int flags) {
    return resultHandle(
        "cuStreamCreate", stream -> (int) ForeignCalls.STREAM_CREATE.invokeExact(stream, flags));
  }

  @Override
  public long streamAddress(Handle stream) {
    return value(stream);
  }

  @Override
  public void cuStreamDestroy(Handle stream) {
    check("cuStreamDestroy", () -> (int) ForeignCalls.STREAM_DESTROY.invokeExact(value(stream)));
  }

  @Override
  public void cuStreamSynchronize(Handle stream) {
    check(
        "cuStreamSynchronize",
        () -> (int) ForeignCalls.STREAM_SYNCHRONIZE.invokeExact(value(stream)));
  }

  @Override
  public boolean cuStreamQuery(Handle stream) {
    return checkReady(
        "cuStreamQuery", () -> (int) ForeignCalls.STREAM_QUERY.invokeExact(value(stream)));
  }

  @Override
  public void cuStreamWaitEvent(Handle stream, Handle event) {
    check(
        "cuStreamWaitEvent",
        () -> (int) ForeignCalls.STREAM_WAIT_EVENT.invokeExact(value(stream), value(event), 0));
  }

  @Override
  public Handle cuEventCreate(int flags) {
    return resultHandle(
        "cuEventCreate", event -> (int) ForeignCalls.EVENT_CREATE.invokeExact(event, flags));
  }

  @Override
  public void cuEventDestroy(Handle event) {
    check("cuEventDestroy", () -> (int) ForeignCalls.EVENT_DESTROY.invokeExact(value(event)));
  }

  @Override
  public void cuEventRecord(Handle event, Handle stream) {
    check(
        "cuEventRecord",
        () -> (int) ForeignCalls.EVENT_RECORD.invokeExact(value(event), value(stream)));
  }

  @Override
  public void cuEventSynchronize(Handle event) {
    check(
        "cuEventSynchronize", () -> (int) ForeignCalls.EVENT_SYNCHRONIZE.invokeExact(value(event)));
  }

  @Override
  public boolean cuEventQuery(Handle event) {
    return checkReady(
        "cuEventQuery", () -> (int) ForeignCalls.EVENT_QUERY.invokeExact(value(event)));
  }

  @Override
  public float cuEventElapsedTime(Handle start, Handle end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
      check(
          "cuEventElapsedTime",
          () ->
              (int)
                  ForeignCalls.EVENT_ELAPSED_TIME.invokeExact(
                      milliseconds, value(start), value(end)));
      return milliseconds.get(JAVA_FLOAT, 0);
    }
  }

  @Override
  public void cuStreamBeginCapture(Handle stream, int mode) {
    check(
        "cuStreamBeginCapture",
        () -> (int) ForeignCalls.STREAM_BEGIN_CAPTURE.invokeExact(value(stream), mode));
  }

  @Override
  public Handle cuStreamEndCapture(Handle stream) {
    return resultHandle(
        "cuStreamEndCapture",
        graph -> (int) ForeignCalls.STREAM_END_CAPTURE.invokeExact(value(stream), graph));
  }

  @Override
  public Handle cuGraphInstantiateWithFlags(Handle graph, long flags) {
    return resultHandle(
        "cuGraphInstantiateWithFlags",
        executable ->
            (int) ForeignCalls.GRAPH_INSTANTIATE.invokeExact(executable, value(graph), flags));
  }

  @Override
  public void cuGraphLaunch(Handle executable, Handle stream) {
    check(
        "cuGraphLaunch",
        () -> (int) ForeignCalls.GRAPH_LAUNCH.invokeExact(value(executable), value(stream)));
  }

  @Override
  public void cuGraphExecDestroy(Handle executable) {
    check(
        "cuGraphExecDestroy",
        () -> (int) ForeignCalls.GRAPH_EXEC_DESTROY.invokeExact(value(executable)));
  }

  @Override
  public void cuGraphDestroy(Handle graph) {
    check("cuGraphDestroy", () -> (int) ForeignCalls.GRAPH_DESTROY.invokeExact(value(graph)));
  }
}
