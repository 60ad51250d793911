package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * A kernel with its arguments. A training makes its calls once; a batch then sets what is new and
 * launches:
 *
 * <pre>{@code
 * KernelCall errors = module.kernel("errors").call(users, items, ratings, 0L, batch);
 * for (long from = 0; from < size; from += batch) {
 *   errors.set(3, from).launch(stream, shape);
 * }
 * }</pre>
 *
 * <p>The driver wants an array of pointers to the arguments, and reads both before a launch
 * returns. They lie off the heap, written in place: a launch allocates nothing here.
 *
 * <p>For one thread at a time.
 */
public final class KernelCall {
  private static final long SLOT = Long.BYTES;

  private final Kernel kernel;
  private final MemorySegment values;
  private final MemorySegment pointers;

  /** The arguments that are device memory, to find out at a launch whether one is closed. */
  private final @Nullable DeviceMemory[] memory;

  KernelCall(Kernel kernel, Object[] arguments) {
    this.kernel = kernel;
    int count = kernel.signature().size();
    if (arguments.length != count) {
      throw new IllegalArgumentException(
          kernel + " takes " + count + " arguments; got " + arguments.length);
    }
    memory = new DeviceMemory[count];
    // One block, freed by the garbage collector: there is nothing of the driver's in it.
    MemorySegment block = Arena.ofAuto().allocate(Math.max(1, 2 * count) * SLOT, SLOT);
    pointers = block.asSlice(0, count * SLOT);
    values = block.asSlice(count * SLOT, count * SLOT);
    for (int index = 0; index < count; index++) {
      pointers.setAtIndex(JAVA_LONG, index, values.address() + index * SLOT);
      set(index, arguments[index]);
    }
  }

  private void set(int index, Object argument) {
    switch (argument) {
      case DeviceMemory value -> set(index, value);
      case Integer value -> set(index, value.intValue());
      case Long value -> set(index, value.longValue());
      case Float value -> set(index, value.floatValue());
      case Double value -> set(index, value.doubleValue());
      default -> throw mismatch(index, argument.getClass().getSimpleName());
    }
  }

  private void require(int index, PtxType given, String name) {
    if (index < 0 || index >= memory.length) {
      throw new IndexOutOfBoundsException(
          kernel + " has arguments 0 to " + (memory.length - 1) + "; got " + index);
    }
    if (kernel.signature().get(index) != given) {
      throw mismatch(index, name);
    }
  }

  private IllegalArgumentException mismatch(int index, String given) {
    return new IllegalArgumentException(
        "argument "
            + index
            + " of "
            + kernel
            + " is "
            + kernel.signature().get(index)
            + "; got a "
            + given);
  }

  /**
   * Sets a pointer.
   *
   * @param index of the parameter, from 0
   * @param value must be open whenever this is launched
   * @return this
   */
  public KernelCall set(int index, DeviceMemory value) {
    require(index, PtxType.INT64, "pointer");
    values.setAtIndex(JAVA_LONG, index, value.address());
    memory[index] = value;
    return this;
  }

  /**
   * Sets a number.
   *
   * @param index of the parameter, from 0
   * @param value of 32 bits
   * @return this
   */
  public KernelCall set(int index, int value) {
    require(index, PtxType.INT32, "int");
    values.set(JAVA_INT, index * SLOT, value);
    return this;
  }

  /**
   * Sets a number.
   *
   * @param index of the parameter, from 0
   * @param value of 64 bits
   * @return this
   */
  public KernelCall set(int index, long value) {
    require(index, PtxType.INT64, "long");
    values.setAtIndex(JAVA_LONG, index, value);
    memory[index] = null;
    return this;
  }

  /**
   * Sets a number.
   *
   * @param index of the parameter, from 0
   * @param value of 32 bits
   * @return this
   */
  public KernelCall set(int index, float value) {
    require(index, PtxType.FLOAT32, "float");
    values.set(JAVA_FLOAT, index * SLOT, value);
    return this;
  }

  /**
   * Sets a number.
   *
   * @param index of the parameter, from 0
   * @param value of 64 bits
   * @return this
   */
  public KernelCall set(int index, double value) {
    require(index, PtxType.FLOAT64, "double");
    values.set(JAVA_DOUBLE, index * SLOT, value);
    return this;
  }

  /**
   * Launches the kernel with the arguments as they are now.
   *
   * @param stream that the launch is put into
   * @param shape blocks and threads
   * @throws IllegalStateException if the module, the stream or a buffer among the arguments is
   *     closed
   * @throws CudaException if the driver does not take the launch; what goes wrong on the device
   *     comes out of a later call
   */
  public void launch(Stream stream, LaunchShape shape) {
    launch(stream, shape, CudaDriver::cuLaunchKernel);
  }

  /**
   * Launches the kernel as {@link #launch} does, all its blocks at the same time: they may wait for
   * one another.
   *
   * @param stream that the launch is put into
   * @param shape blocks and threads; no more than the device holds at once
   * @throws IllegalStateException if the module, the stream or a buffer among the arguments is
   *     closed
   * @throws CudaException if the driver does not take the launch, as when the device does not hold
   *     so many blocks
   */
  public void launchAtOnce(Stream stream, LaunchShape shape) {
    launch(stream, shape, CudaDriver::cuLaunchCooperativeKernel);
  }

  /** A call of the driver that launches. */
  private interface Launching {
    void launch(
        CudaDriver driver,
        Handle function,
        LaunchShape shape,
        Handle stream,
        MemorySegment parameters);
  }

  private void launch(Stream stream, LaunchShape shape, Launching launching) {
    for (DeviceMemory each : memory) {
      if (each != null) {
        each.address(); // Fails if its buffer is closed.
      }
    }
    Handle function = kernel.handle();
    CudaDriver driver = kernel.context().enter();
    LaunchEvent event = new LaunchEvent();
    event.begin();
    try {
      launching.launch(driver, function, shape, stream.handle(), pointers);
      event.end();
      if (event.shouldCommit()) {
        event.kernel = kernel.name();
        event.blocks = (long) shape.gridX() * shape.gridY() * shape.gridZ();
        event.threads = shape.blockX() * shape.blockY() * shape.blockZ();
        event.recorded = stream.recording();
        event.commit();
      }
    } catch (CudaException failure) {
      throw failure.during(kernel.name() + " in " + shape);
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
