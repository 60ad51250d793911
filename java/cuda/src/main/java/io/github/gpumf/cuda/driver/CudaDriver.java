package io.github.gpumf.cuda.driver;

import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the CUDA driver that GpuMf uses, under CUDA's own names; what each does is in
 * NVIDIA's <a href="https://docs.nvidia.com/cuda/cuda-driver-api">driver API</a>. Out-parameters
 * are results here, result codes are exceptions, device memory is a 64-bit address, and everything
 * else that the driver hands out is a {@link Handle}.
 *
 * <p>This is the raw seam below {@link CudaContext} and the other owners: it checks nothing that
 * the driver does not check. Safe for any number of threads, as the driver is; what a call works on
 * is the context current on its thread.
 *
 * <p>Every method throws {@link CudaException} if the driver reports an error, which may be that of
 * an earlier, asynchronous call.
 */
public interface CudaDriver {
  /** A device, context, module, function, stream, event or graph of the driver that made it. */
  interface Handle {}

  /**
   * Device memory.
   *
   * @param free bytes that can be allocated
   * @param total bytes of the device
   */
  record MemoryInfo(long free, long total) {}

  /**
   * Through what the driver is called.
   *
   * @return a short name: {@code jcuda}
   */
  String binding();

  /**
   * The symbolic name of a result code.
   *
   * @param code of a call
   * @return such as {@code CUDA_ERROR_OUT_OF_MEMORY}; null if the driver does not know the code
   */
  @Nullable String cuGetErrorName(int code);

  /**
   * What a result code means.
   *
   * @param code of a call
   * @return a phrase; null if the driver does not know the code
   */
  @Nullable String cuGetErrorString(int code);

  /** Initializes the driver; must come first, and may come again. */
  void cuInit();

  /**
   * The newest CUDA version that the driver supports.
   *
   * @return 1000 times the major plus 10 times the minor version: 12060
   */
  int cuDriverGetVersion();

  /**
   * How many devices there are.
   *
   * @return 0 or more
   */
  int cuDeviceGetCount();

  /**
   * Finds a device.
   *
   * @param ordinal from 0
   * @return the device; nothing needs to be given back
   */
  Handle cuDeviceGet(int ordinal);

  /**
   * The name of a device.
   *
   * @param device from {@link #cuDeviceGet}
   * @return such as {@code NVIDIA H200}
   */
  String cuDeviceGetName(Handle device);

  /**
   * The identity of a device, the same in every process.
   *
   * @param device from {@link #cuDeviceGet}
   * @return its UUID, as nvidia-smi prints it
   */
  UUID cuDeviceGetUuid(Handle device);

  /**
   * A property of a device.
   *
   * @param attribute a {@code CUdevice_attribute}
   * @param device from {@link #cuDeviceGet}
   * @return its value
   */
  int cuDeviceGetAttribute(int attribute, Handle device);

  /**
   * The memory of a device.
   *
   * @param device from {@link #cuDeviceGet}
   * @return bytes
   */
  long cuDeviceTotalMem(Handle device);

  /**
   * Retains the primary context of a device, the one that CUDA's runtime and libraries share.
   *
   * @param device from {@link #cuDeviceGet}
   * @return the context; to be given back with {@link #cuDevicePrimaryCtxRelease}
   */
  Handle cuDevicePrimaryCtxRetain(Handle device);

  /**
   * Gives the primary context of a device back; the last one who does so destroys it.
   *
   * @param device whose context was retained
   */
  void cuDevicePrimaryCtxRelease(Handle device);

  /**
   * Makes a context current on this thread.
   *
   * @param context null for none
   */
  void cuCtxSetCurrent(@Nullable Handle context);

  /**
   * The memory of the current context's device.
   *
   * @return as of now; other processes use it too
   */
  MemoryInfo cuMemGetInfo();

  /**
   * Allocates device memory.
   *
   * @param bytes more than 0
   * @return an address, aligned to 256 bytes; to be given back with {@link #cuMemFree}
   */
  long cuMemAlloc(long bytes);

  /**
   * Frees device memory.
   *
   * @param address from {@link #cuMemAlloc}
   */
  void cuMemFree(long address);

  /**
   * Allocates page-locked host memory, which copies reach without staging.
   *
   * @param bytes more than 0
   * @param flags {@code CU_MEMHOSTALLOC_*}, or 0
   * @return a host address; to be given back with {@link #cuMemFreeHost}
   */
  long cuMemHostAlloc(long bytes, int flags);

  /**
   * Frees page-locked host memory.
   *
   * @param address from {@link #cuMemHostAlloc}
   */
  void cuMemFreeHost(long address);

  /**
   * Copies to the device.
   *
   * @param target device address
   * @param source off heap; all of it is copied
   * @param stream that the copy is put into
   */
  void cuMemcpyHtoDAsync(long target, MemorySegment source, Handle stream);

  /**
   * Copies to the host.
   *
   * @param target off heap; all of it is overwritten
   * @param source device address
   * @param stream that the copy is put into
   */
  void cuMemcpyDtoHAsync(MemorySegment target, long source, Handle stream);

  /**
   * Copies within the device.
   *
   * @param target device address
   * @param source device address
   * @param bytes to copy
   * @param stream that the copy is put into
   */
  void cuMemcpyDtoDAsync(long target, long source, long bytes, Handle stream);

  /**
   * Copies rows to the device.
   *
   * @param target device address of the first row
   * @param source off heap, from the first row on
   * @param rows how many, how long, and how far from one another
   * @param stream that the copy is put into
   */
  void cuMemcpy2DAsync(long target, MemorySegment source, Rows rows, Handle stream);

  /**
   * Copies rows to the host.
   *
   * @param target off heap, from the first row on
   * @param source device address of the first row
   * @param rows how many, how long, and how far from one another
   * @param stream that the copy is put into
   */
  void cuMemcpy2DAsync(MemorySegment target, long source, Rows rows, Handle stream);

  /**
   * Sets bytes.
   *
   * @param target device address
   * @param value of each
   * @param count of bytes
   * @param stream that this is put into
   */
  void cuMemsetD8Async(long target, byte value, long count, Handle stream);

  /**
   * Sets words of 32 bits.
   *
   * @param target device address, aligned to 4 bytes
   * @param value of each
   * @param count of words
   * @param stream that this is put into
   */
  void cuMemsetD32Async(long target, int value, long count, Handle stream);

  /**
   * Loads a module, compiling it for the device. What the compiler does not like is in the
   * exception's message.
   *
   * @param ptx its text, without a NUL at its end
   * @return the module; to be given back with {@link #cuModuleUnload}
   */
  Handle cuModuleLoadDataEx(byte[] ptx);

  /**
   * Finds a kernel.
   *
   * @param module to look in
   * @param name of the kernel
   * @return the kernel; lives as long as its module
   */
  Handle cuModuleGetFunction(Handle module, String name);

  /**
   * Unloads a module.
   *
   * @param module from {@link #cuModuleLoadDataEx}
   */
  void cuModuleUnload(Handle module);

  /**
   * A property of a kernel.
   *
   * @param attribute a {@code CUfunction_attribute}
   * @param function the kernel
   * @return its value
   */
  int cuFuncGetAttribute(int attribute, Handle function);

  /**
   * Sets a property of a kernel.
   *
   * @param function the kernel
   * @param attribute a {@code CUfunction_attribute} that can be set
   * @param value to set
   */
  void cuFuncSetAttribute(Handle function, int attribute, int value);

  /**
   * How many blocks of a kernel fit on a multiprocessor at once.
   *
   * @param function the kernel
   * @param threads of a block
   * @param sharedBytes of dynamic shared memory of a block
   * @return 0 or more
   */
  int cuOccupancyMaxActiveBlocksPerMultiprocessor(Handle function, int threads, long sharedBytes);

  /**
   * Launches a kernel.
   *
   * @param function the kernel
   * @param shape blocks, threads and shared memory
   * @param stream that the launch is put into
   * @param parameters an array of pointers, one to each argument; read before this returns
   */
  void cuLaunchKernel(Handle function, LaunchShape shape, Handle stream, MemorySegment parameters);

  /**
   * Launches a kernel whose blocks wait for one another: all of them run at the same time, or the
   * driver refuses.
   *
   * @param function the kernel
   * @param shape blocks, threads and shared memory
   * @param stream that the launch is put into
   * @param parameters an array of pointers, one to each argument; read before this returns
   */
  void cuLaunchCooperativeKernel(
      Handle function, LaunchShape shape, Handle stream, MemorySegment parameters);

  /**
   * Makes a stream.
   *
   * @param flags {@code CU_STREAM_*}
   * @return the stream; to be given back with {@link #cuStreamDestroy}
   */
  Handle cuStreamCreate(int flags);

  /**
   * What CUDA's libraries know a stream by.
   *
   * @param stream from {@link #cuStreamCreate}
   * @return its {@code cudaStream_t}
   */
  long streamAddress(Handle stream);

  /**
   * Destroys a stream; work that is in it still completes.
   *
   * @param stream from {@link #cuStreamCreate}
   */
  void cuStreamDestroy(Handle stream);

  /**
   * Waits until all that is in a stream is done.
   *
   * @param stream to wait for
   */
  void cuStreamSynchronize(Handle stream);

  /**
   * Whether all that is in a stream is done.
   *
   * @param stream to ask
   * @return false for the driver's {@code CUDA_ERROR_NOT_READY}
   */
  boolean cuStreamQuery(Handle stream);

  /**
   * Makes what comes into a stream from now on wait for an event.
   *
   * @param stream that waits
   * @param event as last recorded
   */
  void cuStreamWaitEvent(Handle stream, Handle event);

  /**
   * Makes an event.
   *
   * @param flags {@code CU_EVENT_*}
   * @return the event; to be given back with {@link #cuEventDestroy}
   */
  Handle cuEventCreate(int flags);

  /**
   * Destroys an event.
   *
   * @param event from {@link #cuEventCreate}
   */
  void cuEventDestroy(Handle event);

  /**
   * Puts an event into a stream.
   *
   * @param event to record
   * @param stream after whose present work it happens
   */
  void cuEventRecord(Handle event, Handle stream);

  /**
   * Waits for an event.
   *
   * @param event as last recorded
   */
  void cuEventSynchronize(Handle event);

  /**
   * Whether an event has happened.
   *
   * @param event as last recorded
   * @return false for the driver's {@code CUDA_ERROR_NOT_READY}
   */
  boolean cuEventQuery(Handle event);

  /**
   * The time between two events.
   *
   * @param start the earlier one
   * @param end the later one
   * @return milliseconds
   */
  float cuEventElapsedTime(Handle start, Handle end);

  /**
   * Begins to record what comes into a stream instead of doing it.
   *
   * @param stream to capture
   * @param mode a {@code CUstreamCaptureMode}
   */
  void cuStreamBeginCapture(Handle stream, int mode);

  /**
   * Ends recording.
   *
   * @param stream that is captured
   * @return a graph of what was recorded; to be given back with {@link #cuGraphDestroy}
   */
  Handle cuStreamEndCapture(Handle stream);

  /**
   * Makes a graph ready to launch.
   *
   * @param graph from {@link #cuStreamEndCapture}
   * @param flags {@code CUDA_GRAPH_INSTANTIATE_FLAG_*}, or 0
   * @return the executable graph; to be given back with {@link #cuGraphExecDestroy}
   */
  Handle cuGraphInstantiateWithFlags(Handle graph, long flags);

  /**
   * Does all that a graph holds.
   *
   * @param executable from {@link #cuGraphInstantiateWithFlags}
   * @param stream that this is put into
   */
  void cuGraphLaunch(Handle executable, Handle stream);

  /**
   * Destroys an executable graph.
   *
   * @param executable from {@link #cuGraphInstantiateWithFlags}
   */
  void cuGraphExecDestroy(Handle executable);

  /**
   * Destroys a graph.
   *
   * @param graph from {@link #cuStreamEndCapture}
   */
  void cuGraphDestroy(Handle graph);
}
