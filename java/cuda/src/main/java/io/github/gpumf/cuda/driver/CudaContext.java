package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import io.github.gpumf.cuda.driver.CudaDriver.MemoryInfo;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A use of a device's primary context, the one that it shares with CUDA's libraries in this
 * process. Buffers, streams, modules and the rest are made here, and closed before this is.
 *
 * <p>To the driver a context belongs to a thread. Here any thread may call anything, because every
 * call makes the context current first, which costs less than to find out whether it is. It stays
 * current on the thread.
 *
 * <p>Safe for any number of threads; so are all owners made here, but for closing one while another
 * thread uses it.
 */
public final class CudaContext implements AutoCloseable {
  private static final int CLOSED = -1;

  private final CudaDriver driver;
  private final CudaDevice device;
  private final Handle deviceHandle;
  private final Handle handle;

  /** How many owners are open; {@link #CLOSED} when this is. */
  private final AtomicInteger open = new AtomicInteger();

  private CudaContext(CudaDriver driver, CudaDevice device, Handle deviceHandle, Handle handle) {
    this.driver = driver;
    this.device = device;
    this.deviceHandle = deviceHandle;
    this.handle = handle;
  }

  /**
   * Retains the primary context of a device.
   *
   * @param driver from {@link CudaDrivers}
   * @param ordinal of the device, from 0
   * @return to be closed
   * @throws CudaException if there is no such device, or the driver fails
   */
  public static CudaContext open(CudaDriver driver, int ordinal) {
    CudaDevice device;
    try {
      device = CudaDevice.of(driver, ordinal);
    } catch (CudaException failure) {
      throw failure.during("opening device " + ordinal + " of " + driver.cuDeviceGetCount());
    }
    Handle deviceHandle = driver.cuDeviceGet(ordinal);
    return new CudaContext(
        driver, device, deviceHandle, driver.cuDevicePrimaryCtxRetain(deviceHandle));
  }

  /**
   * The device.
   *
   * @return what it is
   */
  public CudaDevice device() {
    return device;
  }

  /**
   * Device memory as of now; other processes use it too.
   *
   * @return free and total
   * @throws CudaException if the driver fails
   */
  public MemoryInfo memory() {
    return enter().cuMemGetInfo();
  }

  /**
   * Allocates device memory. What is in it is undefined.
   *
   * @param bytes 0 or more; 0 allocates nothing
   * @return to be closed
   * @throws CudaException if there is not so much, or the driver fails
   */
  public DeviceBuffer allocate(long bytes) {
    return DeviceBuffer.allocate(this, bytes);
  }

  /**
   * Allocates page-locked host memory.
   *
   * @param bytes more than 0; through JCuda at most 2 GiB - 1
   * @return to be closed
   * @throws CudaException if the driver fails
   */
  public PinnedMemory allocatePinned(long bytes) {
    return PinnedMemory.allocate(this, bytes);
  }

  /**
   * Makes a stream.
   *
   * @return to be closed
   * @throws CudaException if the driver fails
   */
  public Stream newStream() {
    return Stream.create(this);
  }

  /**
   * Makes an event for waiting.
   *
   * @return to be closed
   * @throws CudaException if the driver fails
   */
  public Event newEvent() {
    return Event.create(this, false);
  }

  /**
   * Makes an event that also takes the time.
   *
   * @return to be closed
   * @throws CudaException if the driver fails
   */
  public Event newTimingEvent() {
    return Event.create(this, true);
  }

  /**
   * Loads kernels, compiling them for the device.
   *
   * @param ptx their text
   * @return to be closed
   * @throws CudaException if the driver does not take the text, or fails
   */
  public KernelModule load(String ptx) {
    return KernelModule.load(this, ptx);
  }

  /**
   * Makes this context current on this thread.
   *
   * @return the driver, to be called at once
   */
  CudaDriver enter() {
    if (open.get() == CLOSED) {
      throw new IllegalStateException(this + " is closed");
    }
    driver.cuCtxSetCurrent(handle);
    return driver;
  }

  /**
   * Makes something to be owned: it is counted as open from now until {@link #disown}, or not at
   * all if it cannot be made.
   */
  <T> T own(Supplier<T> making) {
    if (open.updateAndGet(count -> count == CLOSED ? CLOSED : count + 1) == CLOSED) {
      throw new IllegalStateException(this + " is closed");
    }
    boolean made = false;
    try {
      enter();
      T owned = making.get();
      made = true;
      return owned;
    } finally {
      if (!made) {
        disown();
      }
    }
  }

  void disown() {
    open.decrementAndGet();
  }

  /**
   * Gives the primary context back. The last one in the process to do so resets the device.
   *
   * @throws IllegalStateException if this is closed already, or if something that was made here is
   *     still open; then this stays open too
   * @throws CudaException if the driver fails
   */
  @Override
  public void close() {
    int count = open.compareAndExchange(0, CLOSED);
    if (count == CLOSED) {
      throw new IllegalStateException(this + " is closed already");
    }
    if (count != 0) {
      throw new IllegalStateException(
          this + " has " + count + " open buffers, streams or modules; close them first");
    }
    try {
      driver.cuCtxSetCurrent(null);
    } finally {
      driver.cuDevicePrimaryCtxRelease(deviceHandle);
    }
  }

  @Override
  public String toString() {
    return "context of " + device;
  }
}
