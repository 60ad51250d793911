package io.github.gpumf.cuda.driver;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The driver through JCuda.
 *
 * <p>JCuda has an object for each of the driver's, which a {@link Peer} carries, so that nothing is
 * looked up or made anew at a launch. It takes host memory as direct buffers, and these end at 2
 * GiB: longer copies go in pieces. It has no public way to make a pointer of an address, but a
 * subclass may: {@link DeviceAddress} and {@link HostAddress} are JCuda's null pointer, shifted.
 *
 * <p>JCuda's own exceptions stay off, as they are by default: they carry no code.
 */
final class JCudaBinding implements CudaDriver {
  static final String NAME = "jcuda";

  /** The longest piece that is a power of two and still has a direct buffer. */
  static final long PIECE = 1L << 30;

  private static final int NAME_BYTES = 256;

  private final long piece;

  private JCudaBinding(long piece) {
    this.piece = piece;
  }

  /** Something of the driver's as JCuda holds it. */
  private record Peer(NativePointerObject object) implements Handle {}

  /** A device address. */
  private static final class DeviceAddress extends CUdeviceptr {
    private static final CUdeviceptr NULL = new CUdeviceptr();

    /** For JCuda to set. */
    DeviceAddress() {}

    DeviceAddress(long address) {
      super(NULL, address);
    }

    long value() {
      return getNativePointer();
    }
  }

  /** A host address. */
  private static final class HostAddress extends Pointer {
    private static final Pointer NULL = new Pointer();

    /** For JCuda to set. */
    HostAddress() {}

    HostAddress(long address) {
      super(NULL, address);
    }

    long value() {
      return getNativePointer();
    }
  }

  /** A stream that knows its address. */
  private static final class StreamAddress extends CUstream {
    long value() {
      return getNativePointer();
    }
  }

  /**
   * Loads JCuda's native library.
   *
   * @throws IOException if there is none for this platform, or it cannot be extracted
   * @throws LinkageError if it does not link
   */
  static JCudaBinding load() throws IOException {
    return load(PIECE);
  }

  /**
   * The same with pieces of another size.
   *
   * @param piece bytes of host memory that one call of JCuda's may reach; at most 2 GiB - 1
   */
  static JCudaBinding load(long piece) throws IOException {
    JCudaNatives.load("JCudaDriver", JCudaDriver.class);
    return new JCudaBinding(piece);
  }

  private void check(int code, String call) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw CudaException.of(this, call, code);
    }
  }

  private boolean checkReady(int code, String call) {
    if (code == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    check(code, call);
    return true;
  }

  private static CUdevice device(Handle handle) {
    return (CUdevice) ((Peer) handle).object();
  }

  private static CUmodule module(Handle handle) {
    return (CUmodule) ((Peer) handle).object();
  }

  private static CUfunction function(Handle handle) {
    return (CUfunction) ((Peer) handle).object();
  }

  /** JCuda's own object, for its other libraries. */
  static CUstream stream(Handle handle) {
    return (CUstream) ((Peer) handle).object();
  }

  private static CUevent event(Handle handle) {
    return (CUevent) ((Peer) handle).object();
  }

  private static CUgraph graph(Handle handle) {
    return (CUgraph) ((Peer) handle).object();
  }

  private static CUgraphExec executable(Handle handle) {
    return (CUgraphExec) ((Peer) handle).object();
  }

  /** A view of at most 2 GiB; valid while the segment is. */
  private static Pointer view(MemorySegment segment, long offset, long bytes) {
    return Pointer.to(segment.asSlice(offset, bytes).asByteBuffer());
  }

  @Override
  public String binding() {
    return NAME;
  }

  @Override
  public @Nullable String cuGetErrorName(int code) {
    @Nullable String[] name = {null};
    return JCudaDriver.cuGetErrorName(code, name) == CUresult.CUDA_SUCCESS ? name[0] : null;
  }

  @Override
  public @Nullable String cuGetErrorString(int code) {
    @Nullable String[] text = {null};
    return JCudaDriver.cuGetErrorString(code, text) == CUresult.CUDA_SUCCESS ? text[0] : null;
  }

  @Override
  public void cuInit() {
    check(JCudaDriver.cuInit(0), "cuInit");
  }

  @Override
  public int cuDriverGetVersion() {
    int[] version = new int[1];
    check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
    return version[0];
  }

  @Override
  public int cuDeviceGetCount() {
    int[] count = new int[1];
    check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    return count[0];
  }

  @Override
  public Handle cuDeviceGet(int ordinal) {
    CUdevice device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
    return new Peer(device);
  }

  @Override
  public String cuDeviceGetName(Handle device) {
    byte[] name = new byte[NAME_BYTES];
    check(JCudaDriver.cuDeviceGetName(name, name.length, device(device)), "cuDeviceGetName");
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  @Override
  public UUID cuDeviceGetUuid(Handle device) {
    CUuuid uuid = new CUuuid();
    check(JCudaDriver.cuDeviceGetUuid(uuid, device(device)), "cuDeviceGetUuid");
    ByteBuffer bytes = ByteBuffer.wrap(uuid.bytes);
    return new UUID(bytes.getLong(), bytes.getLong());
  }

  @Override
  public int cuDeviceGetAttribute(int attribute, Handle device) {
    int[] value = new int[1];
    check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device(device)), "cuDeviceGetAttribute");
    return value[0];
  }

  @Override
  public long cuDeviceTotalMem(Handle device) {
    long[] bytes = new long[1];
    check(JCudaDriver.cuDeviceTotalMem(bytes, device(device)), "cuDeviceTotalMem");
    return bytes[0];
  }

  @Override
  public Handle cuDevicePrimaryCtxRetain(Handle device) {
    CUcontext context = new CUcontext();
    check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context, device(device)), "cuDevicePrimaryCtxRetain");
    return new Peer(context);
  }

  @Override
  public void cuDevicePrimaryCtxRelease(Handle device) {
    check(JCudaDriver.cuDevicePrimaryCtxRelease(device(device)), "cuDevicePrimaryCtxRelease");
  }

  @Override
  public void cuCtxSetCurrent(@Nullable Handle context) {
    CUcontext current = context == null ? new CUcontext() : (CUcontext) ((Peer) context).object();
    check(JCudaDriver.cuCtxSetCurrent(current), "cuCtxSetCurrent");
  }

  @Override
  public MemoryInfo cuMemGetInfo() {
    long[] free = new long[1];
    long[] total = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return new MemoryInfo(free[0], total[0]);
  }

  @Override
  public long cuMemAlloc(long bytes) {
    DeviceAddress address = new DeviceAddress();
    check(JCudaDriver.cuMemAlloc(address, bytes), "cuMemAlloc");
    return address.value();
  }

  @Override
  public void cuMemFree(long address) {
    check(JCudaDriver.cuMemFree(new DeviceAddress(address)), "cuMemFree");
  }

  @Override
  public long cuMemHostAlloc(long bytes, int flags) {
    if (bytes > Integer.MAX_VALUE) {
      // JCuda wraps the memory in a buffer after it has allocated it, and loses it if it cannot.
      throw new IllegalArgumentException(
          "JCuda allocates at most "
              + Integer.MAX_VALUE
              + " bytes of pinned memory at once; allocate several, or use the foreign binding; got "
              + bytes);
    }
    HostAddress address = new HostAddress();
    check(JCudaDriver.cuMemHostAlloc(address, bytes, flags), "cuMemHostAlloc");
    return address.value();
  }

  @Override
  public void cuMemFreeHost(long address) {
    check(JCudaDriver.cuMemFreeHost(new HostAddress(address)), "cuMemFreeHost");
  }

  @Override
  public void cuMemcpyHtoDAsync(long target, MemorySegment source, Handle stream) {
    long bytes = source.byteSize();
    for (long done = 0; done < bytes; done += piece) {
      long length = Math.min(piece, bytes - done);
      check(
          JCudaDriver.cuMemcpyHtoDAsync(
              new DeviceAddress(target + done), view(source, done, length), length, stream(stream)),
          "cuMemcpyHtoDAsync");
    }
  }

  @Override
  public void cuMemcpyDtoHAsync(MemorySegment target, long source, Handle stream) {
    long bytes = target.byteSize();
    for (long done = 0; done < bytes; done += piece) {
      long length = Math.min(piece, bytes - done);
      check(
          JCudaDriver.cuMemcpyDtoHAsync(
              view(target, done, length), new DeviceAddress(source + done), length, stream(stream)),
          "cuMemcpyDtoHAsync");
    }
  }

  @Override
  public void cuMemcpyDtoDAsync(long target, long source, long bytes, Handle stream) {
    check(
        JCudaDriver.cuMemcpyDtoDAsync(
            new DeviceAddress(target), new DeviceAddress(source), bytes, stream(stream)),
        "cuMemcpyDtoDAsync");
  }

  /** Rows that lie within one piece of host memory; one at least. */
  private long rowsInPiece(Rows rows) {
    return Math.max(1, piece / Math.max(1, rows.hostPitch()));
  }

  private static CUDA_MEMCPY2D shape(Rows rows) {
    CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
    copy.WidthInBytes = rows.bytes();
    copy.Height = rows.count();
    return copy;
  }

  @Override
  public void cuMemcpy2DAsync(long target, MemorySegment source, Rows rows, Handle stream) {
    long most = rowsInPiece(rows);
    for (long done = 0; done < rows.count(); done += most) {
      Rows part = rows.withCount(Math.min(most, rows.count() - done));
      CUDA_MEMCPY2D copy = shape(part);
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
      copy.srcHost = view(source, done * rows.hostPitch(), part.hostBytes());
      copy.srcPitch = rows.hostPitch();
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.dstDevice = new DeviceAddress(target + done * rows.devicePitch());
      copy.dstPitch = rows.devicePitch();
      check(JCudaDriver.cuMemcpy2DAsync(copy, stream(stream)), "cuMemcpy2DAsync");
    }
  }

  @Override
  public void cuMemcpy2DAsync(MemorySegment target, long source, Rows rows, Handle stream) {
    long most = rowsInPiece(rows);
    for (long done = 0; done < rows.count(); done += most) {
      Rows part = rows.withCount(Math.min(most, rows.count() - done));
      CUDA_MEMCPY2D copy = shape(part);
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.srcDevice = new DeviceAddress(source + done * rows.devicePitch());
      copy.srcPitch = rows.devicePitch();
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
      copy.dstHost = view(target, done * rows.hostPitch(), part.hostBytes());
      copy.dstPitch = rows.hostPitch();
      check(JCudaDriver.cuMemcpy2DAsync(copy, stream(stream)), "cuMemcpy2DAsync");
    }
  }

  @Override
  public void cuMemsetD8Async(long target, byte value, long count, Handle stream) {
    check(
        JCudaDriver.cuMemsetD8Async(new DeviceAddress(target), value, count, stream(stream)),
        "cuMemsetD8Async");
  }

  @Override
  public void cuMemsetD32Async(long target, int value, long count, Handle stream) {
    check(
        JCudaDriver.cuMemsetD32Async(new DeviceAddress(target), value, count, stream(stream)),
        "cuMemsetD32Async");
  }

  @Override
  public Handle cuModuleLoadDataEx(byte[] ptx) {
    CUmodule module = new CUmodule();
    // The driver takes a C string.
    byte[] terminated = Arrays.copyOf(ptx, ptx.length + 1);
    try (Arena arena = Arena.ofConfined()) {
      CompilerLog log = new CompilerLog(arena);
      int[] options = CompilerLog.options();
      try {
        check(
            JCudaDriver.cuModuleLoadDataEx(
                module,
                Pointer.to(terminated),
                options.length,
                options,
                new HostAddress(log.values().address())),
            "cuModuleLoadDataEx");
      } catch (CudaException failure) {
        throw log.explain(failure);
      }
    }
    return new Peer(module);
  }

  @Override
  public Handle cuModuleGetFunction(Handle module, String name) {
    CUfunction function = new CUfunction();
    check(JCudaDriver.cuModuleGetFunction(function, module(module), name), "cuModuleGetFunction");
    return new Peer(function);
  }

  @Override
  public void cuModuleUnload(Handle module) {
    check(JCudaDriver.cuModuleUnload(module(module)), "cuModuleUnload");
  }

  @Override
  public int cuFuncGetAttribute(int attribute, Handle function) {
    int[] value = new int[1];
    check(
        JCudaDriver.cuFuncGetAttribute(value, attribute, function(function)), "cuFuncGetAttribute");
    return value[0];
  }

  @Override
  public void cuFuncSetAttribute(Handle function, int attribute, int value) {
    check(
        JCudaDriver.cuFuncSetAttribute(function(function), attribute, value), "cuFuncSetAttribute");
  }

  @Override
  public int cuOccupancyMaxActiveBlocksPerMultiprocessor(
      Handle function, int threads, long sharedBytes) {
    int[] blocks = new int[1];
    check(
        JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            blocks, function(function), threads, sharedBytes),
        "cuOccupancyMaxActiveBlocksPerMultiprocessor");
    return blocks[0];
  }

  @Override
  public void cuLaunchKernel(
      Handle function, LaunchShape shape, Handle stream, MemorySegment parameters) {
    check(
        JCudaDriver.cuLaunchKernel(
            function(function),
            shape.gridX(),
            shape.gridY(),
            shape.gridZ(),
            shape.blockX(),
            shape.blockY(),
            shape.blockZ(),
            shape.sharedBytes(),
            stream(stream),
            new HostAddress(parameters.address()),
            null),
        "cuLaunchKernel");
  }

  @Override
  public void cuLaunchCooperativeKernel(
      Handle function, LaunchShape shape, Handle stream, MemorySegment parameters) {
    check(
        JCudaDriver.cuLaunchCooperativeKernel(
            function(function),
            shape.gridX(),
            shape.gridY(),
            shape.gridZ(),
            shape.blockX(),
            shape.blockY(),
            shape.blockZ(),
            shape.sharedBytes(),
            stream(stream),
            new HostAddress(parameters.address())),
        "cuLaunchCooperativeKernel");
  }

  @Override
  public Handle cuStreamCreate(int flags) {
    CUstream stream = new StreamAddress();
    check(JCudaDriver.cuStreamCreate(stream, flags), "cuStreamCreate");
    return new Peer(stream);
  }

  @Override
  public long streamAddress(Handle stream) {
    return ((StreamAddress) stream(stream)).value();
  }

  @Override
  public void cuStreamDestroy(Handle stream) {
    check(JCudaDriver.cuStreamDestroy(stream(stream)), "cuStreamDestroy");
  }

  @Override
  public void cuStreamSynchronize(Handle stream) {
    check(JCudaDriver.cuStreamSynchronize(stream(stream)), "cuStreamSynchronize");
  }

  @Override
  public boolean cuStreamQuery(Handle stream) {
    return checkReady(JCudaDriver.cuStreamQuery(stream(stream)), "cuStreamQuery");
  }

  @Override
  public void cuStreamWaitEvent(Handle stream, Handle event) {
    check(JCudaDriver.cuStreamWaitEvent(stream(stream), event(event), 0), "cuStreamWaitEvent");
  }

  @Override
  public Handle cuEventCreate(int flags) {
    CUevent event = new CUevent();
    check(JCudaDriver.cuEventCreate(event, flags), "cuEventCreate");
    return new Peer(event);
  }

  @Override
  public void cuEventDestroy(Handle event) {
    check(JCudaDriver.cuEventDestroy(event(event)), "cuEventDestroy");
  }

  @Override
  public void cuEventRecord(Handle event, Handle stream) {
    check(JCudaDriver.cuEventRecord(event(event), stream(stream)), "cuEventRecord");
  }

  @Override
  public void cuEventSynchronize(Handle event) {
    check(JCudaDriver.cuEventSynchronize(event(event)), "cuEventSynchronize");
  }

  @Override
  public boolean cuEventQuery(Handle event) {
    return checkReady(JCudaDriver.cuEventQuery(event(event)), "cuEventQuery");
  }

  @Override
  public float cuEventElapsedTime(Handle start, Handle end) {
    float[] milliseconds = new float[1];
    check(
        JCudaDriver.cuEventElapsedTime(milliseconds, event(start), event(end)),
        "cuEventElapsedTime");
    return milliseconds[0];
  }

  @Override
  public void cuStreamBeginCapture(Handle stream, int mode) {
    check(JCudaDriver.cuStreamBeginCapture(stream(stream), mode), "cuStreamBeginCapture");
  }

  @Override
  public Handle cuStreamEndCapture(Handle stream) {
    CUgraph graph = new CUgraph();
    check(JCudaDriver.cuStreamEndCapture(stream(stream), graph), "cuStreamEndCapture");
    return new Peer(graph);
  }

  @Override
  public Handle cuGraphInstantiateWithFlags(Handle graph, long flags) {
    CUgraphExec executable = new CUgraphExec();
    // JCuda keeps the older name and calls the newer function.
    check(
        JCudaDriver.cuGraphInstantiate(executable, graph(graph), flags),
        "cuGraphInstantiateWithFlags");
    return new Peer(executable);
  }

  @Override
  public void cuGraphLaunch(Handle executable, Handle stream) {
    check(JCudaDriver.cuGraphLaunch(executable(executable), stream(stream)), "cuGraphLaunch");
  }

  @Override
  public void cuGraphExecDestroy(Handle executable) {
    check(JCudaDriver.cuGraphExecDestroy(executable(executable)), "cuGraphExecDestroy");
  }

  @Override
  public void cuGraphDestroy(Handle graph) {
    check(JCudaDriver.cuGraphDestroy(graph(graph)), "cuGraphDestroy");
  }
}
