package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.util.List;

/** A function that runs on the device. */
public final class Kernel {
  // CUfunction_attribute
  private static final int MAX_THREADS_PER_BLOCK = 0;
  private static final int LOCAL_SIZE_BYTES = 3;
  private static final int NUM_REGS = 4;
  private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

  private final KernelModule module;
  private final Handle handle;
  private final String name;
  private final List<PtxType> signature;

  Kernel(KernelModule module, Handle handle, String name, List<PtxType> signature) {
    this.module = module;
    this.handle = handle;
    this.name = name;
    this.signature = signature;
  }

  Handle handle() {
    module.requireOpen();
    return handle;
  }

  CudaContext context() {
    return module.context();
  }

  List<PtxType> signature() {
    return signature;
  }

  /**
   * The name in the source.
   *
   * @return without decoration
   */
  public String name() {
    return name;
  }

  /**
   * Prepares a call, to be launched as often as wanted.
   *
   * @param arguments all of them, in order: {@link DeviceMemory} for a pointer, or an Integer,
   *     Long, Float or Double of the parameter's size
   * @return for one thread at a time
   * @throws IllegalArgumentException if their number or types are not the kernel's
   */
  public KernelCall call(Object... arguments) {
    return new KernelCall(this, arguments);
  }

  /**
   * Registers of a thread.
   *
   * @return as compiled for the device
   * @throws CudaException if the driver fails
   */
  public int registers() {
    return attribute(NUM_REGS);
  }

  /**
   * Local memory of a thread; more than 0 means that registers are spilled.
   *
   * @return bytes, as compiled for the device
   * @throws CudaException if the driver fails
   */
  public int localBytes() {
    return attribute(LOCAL_SIZE_BYTES);
  }

  /**
   * The most threads that a block may have.
   *
   * @return as compiled for the device
   * @throws CudaException if the driver fails
   */
  public int mostThreads() {
    return attribute(MAX_THREADS_PER_BLOCK);
  }

  private int attribute(int attribute) {
    Handle function = handle();
    return context().enter().cuFuncGetAttribute(attribute, function);
  }

  /**
   * Allows as much dynamic shared memory; needed for more than 48 KiB.
   *
   * @param bytes of a block, at most {@link CudaDevice#sharedBytes} less what the kernel declares
   * @throws CudaException if the device has not as much, or the driver fails
   */
  public void allowShared(int bytes) {
    Handle function = handle();
    context().enter().cuFuncSetAttribute(function, MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
  }

  /**
   * How many blocks a multiprocessor runs at once.
   *
   * @param threads of a block
   * @param sharedBytes dynamic shared memory of a block
   * @return 0 if not even one fits
   * @throws CudaException if the driver fails
   */
  public int activeBlocks(int threads, int sharedBytes) {
    Handle function = handle();
    return context()
        .enter()
        .cuOccupancyMaxActiveBlocksPerMultiprocessor(function, threads, sharedBytes);
  }

  @Override
  public String toString() {
    return "kernel " + name;
  }
}
