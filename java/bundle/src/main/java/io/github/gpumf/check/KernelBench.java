package io.github.gpumf.check;

import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * What the times of kernels are taken with.
 *
 * @param kernels of the device
 * @param launches of the device
 * @param stream of all of it
 * @param timer on that stream
 * @param findings that receive the times
 * @param launchMicroseconds from one launch to the next, when they do nothing
 */
record KernelBench(
    Kernels kernels,
    Launches launches,
    Stream stream,
    EventTimer timer,
    Findings findings,
    double launchMicroseconds) {
  /** A pointer to nothing. */
  static final Long NULL = 0L;

  /** Small steps: thousands of them leave the weights near where they were. */
  static final float RATE = 1e-6f;

  static final float EPSILON = 1e-7f;

  /** 1 - beta1 and 1 - beta2. */
  static final float A = 0.1f;

  static final float B = 0.001f;

  /**
   * What a kernel is timed on.
   *
   * @param size of the data, in words
   * @param factors k, or 0 where there are none
   * @param bytes that must be moved
   */
  record Load(String size, int factors, double bytes) {}

  KernelCall call(String file, String name, Object... arguments) {
    return kernels.kernel(file, name).call(arguments);
  }

  /** Takes the time of a launch that is the same each time. */
  void time(String file, String name, Load load, LaunchShape shape, Object... arguments) {
    KernelCall call = call(file, name, arguments);
    time(name, load, turn -> call.launch(stream, shape));
  }

  /**
   * Takes the time of a launch that is on another batch each time.
   *
   * @param place of the argument that tells the batch
   * @param batch on the device: is given 0, 1, 2 and so on
   */
  void timeBatches(
      int place,
      IntFunction<DeviceMemory> batch,
      String file,
      String name,
      Load load,
      LaunchShape shape,
      Object... arguments) {
    KernelCall call = call(file, name, arguments);
    time(name, load, turn -> call.set(place, batch.apply(turn)).launch(stream, shape));
  }

  /** Takes the time of what is launched for 0, 1, 2 and so on. */
  void time(String name, Load load, IntConsumer work) {
    double floor =
        Math.max(launchMicroseconds, load.bytes() / Math.max(1, findings.copyBandwidth()));
    findings.add(
        new Findings.Kernel(
            name,
            load.size(),
            load.factors(),
            Math.round(load.bytes()),
            timer.microseconds(work),
            floor));
  }
}
