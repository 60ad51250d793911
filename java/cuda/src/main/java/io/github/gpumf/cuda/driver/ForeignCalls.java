package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The driver's functions as method handles, in static finals so that the JIT compiles a call to a
 * plain jump. They are linked when this class is first used: {@link UnsatisfiedLinkError} then
 * names what an old driver lacks.
 *
 * <p>Pointers to the driver's objects and to device memory are longs here, host memory is an
 * ADDRESS, which keeps a segment from being closed during the call. The versioned names are those
 * that cuda.h gives to a program of today.
 */
final class ForeignCalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBRARY = DriverLibrary.load();

  static final MethodHandle GET_ERROR_NAME = link("cuGetErrorName", JAVA_INT, ADDRESS);
  static final MethodHandle GET_ERROR_STRING = link("cuGetErrorString", JAVA_INT, ADDRESS);
  static final MethodHandle INIT = link("cuInit", JAVA_INT);
  static final MethodHandle DRIVER_GET_VERSION = link("cuDriverGetVersion", ADDRESS);
  static final MethodHandle DEVICE_GET_COUNT = link("cuDeviceGetCount", ADDRESS);
  static final MethodHandle DEVICE_GET = link("cuDeviceGet", ADDRESS, JAVA_INT);
  static final MethodHandle DEVICE_GET_NAME = link("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
  static final MethodHandle DEVICE_GET_UUID = link("cuDeviceGetUuid", ADDRESS, JAVA_INT);
  static final MethodHandle DEVICE_GET_ATTRIBUTE =
      link("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
  static final MethodHandle DEVICE_TOTAL_MEM = link("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
  static final MethodHandle PRIMARY_CTX_RETAIN =
      link("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
  static final MethodHandle PRIMARY_CTX_RELEASE = link("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
  static final MethodHandle CTX_SET_CURRENT = link("cuCtxSetCurrent", JAVA_LONG);
  static final MethodHandle MEM_GET_INFO = link("cuMemGetInfo_v2", ADDRESS, ADDRESS);
  static final MethodHandle MEM_ALLOC = link("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
  static final MethodHandle MEM_FREE = link("cuMemFree_v2", JAVA_LONG);
  static final MethodHandle MEM_HOST_ALLOC = link("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
  static final MethodHandle MEM_FREE_HOST = link("cuMemFreeHost", JAVA_LONG);
  static final MethodHandle MEMCPY_H_TO_D =
      link("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
  static final MethodHandle MEMCPY_D_TO_H =
      link("cuMemcpyDtoHAsync_v2", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle MEMCPY_D_TO_D =
      link("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle MEMCPY_2D = link("cuMemcpy2DAsync_v2", ADDRESS, JAVA_LONG);
  static final MethodHandle MEMSET_D8 =
      link("cuMemsetD8Async", JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);
  static final MethodHandle MEMSET_D32 =
      link("cuMemsetD32Async", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  static final MethodHandle MODULE_LOAD_DATA_EX =
      link("cuModuleLoadDataEx", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  static final MethodHandle MODULE_GET_FUNCTION =
      link("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
  static final MethodHandle MODULE_UNLOAD = link("cuModuleUnload", JAVA_LONG);
  static final MethodHandle FUNC_GET_ATTRIBUTE =
      link("cuFuncGetAttribute", ADDRESS, JAVA_INT, JAVA_LONG);
  static final MethodHandle FUNC_SET_ATTRIBUTE =
      link("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
  static final MethodHandle MAX_ACTIVE_BLOCKS =
      link("cuOccupancyMaxActiveBlocksPerMultiprocessor", ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG);

  /** Function; grid; block; shared memory; stream; parameters; extra, which stays null. */
  static final MethodHandle LAUNCH_KERNEL =
      link(
          "cuLaunchKernel",
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG);

  /** The same without extra. */
  static final MethodHandle LAUNCH_COOPERATIVE_KERNEL =
      link(
          "cuLaunchCooperativeKernel",
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS);

  static final MethodHandle STREAM_CREATE = link("cuStreamCreate", ADDRESS, JAVA_INT);
  static final MethodHandle STREAM_DESTROY = link("cuStreamDestroy_v2", JAVA_LONG);
  static final MethodHandle STREAM_SYNCHRONIZE = link("cuStreamSynchronize", JAVA_LONG);
  static final MethodHandle STREAM_QUERY = link("cuStreamQuery", JAVA_LONG);
  static final MethodHandle STREAM_WAIT_EVENT =
      link("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
  static final MethodHandle EVENT_CREATE = link("cuEventCreate", ADDRESS, JAVA_INT);
  static final MethodHandle EVENT_DESTROY = link("cuEventDestroy_v2", JAVA_LONG);
  static final MethodHandle EVENT_RECORD = link("cuEventRecord", JAVA_LONG, JAVA_LONG);
  static final MethodHandle EVENT_SYNCHRONIZE = link("cuEventSynchronize", JAVA_LONG);
  static final MethodHandle EVENT_QUERY = link("cuEventQuery", JAVA_LONG);
  static final MethodHandle EVENT_ELAPSED_TIME =
      link("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);
  static final MethodHandle STREAM_BEGIN_CAPTURE =
      link("cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
  static final MethodHandle STREAM_END_CAPTURE = link("cuStreamEndCapture", JAVA_LONG, ADDRESS);
  static final MethodHandle GRAPH_INSTANTIATE =
      link("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
  static final MethodHandle GRAPH_LAUNCH = link("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
  static final MethodHandle GRAPH_EXEC_DESTROY = link("cuGraphExecDestroy", JAVA_LONG);
  static final MethodHandle GRAPH_DESTROY = link("cuGraphDestroy", JAVA_LONG);

  private ForeignCalls() {}

  /** Links all of them now, so that no later call is the first to hear that one is missing. */
  static void ensureLinked() {
    // Whoever calls this has initialized the class.
  }

  /** Every function returns a CUresult. */
  @SuppressWarnings("restricted") // The types below are those of cuda.h.
  private static MethodHandle link(String name, MemoryLayout... parameters) {
    return LINKER.downcallHandle(
        LIBRARY
            .find(name)
            .orElseThrow(
                () -> new UnsatisfiedLinkError(DriverLibrary.NAME + " has no function " + name)),
        FunctionDescriptor.of(JAVA_INT, parameters));
  }
}
