package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.function.IntConsumer;

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

  Kernel kernel(String file, String name) {
    return kernels.kernel(file, name);
  }

  /** AdaGrad's sums of squares must not be where Adam left means, which may be negative. */
  static DeviceBuffer firstSlot(String rule, Side side) {
    return rule.startsWith("adagrad") ? side.second() : side.first();
  }

  /** Takes the time of a call that does the same each time. */
  void time(String kernel, String size, int k, double bytes, KernelCall call, LaunchShape shape) {
    time(kernel, size, k, bytes, turn -> call.launch(stream, shape));
  }

  /**
   * Takes a time.
   *
   * @param size of the data, in words
   * @param bytes that must be moved
   * @param work is given 0, 1, 2 and so on
   */
  void time(String kernel, String size, int k, double bytes, IntConsumer work) {
    double floor = Math.max(launchMicroseconds, bytes / Math.max(1, findings.copyBandwidth()));
    double time = timer.microseconds(work);
    findings.add(new Findings.Kernel(kernel, size, k, Math.round(bytes), time, floor));
  }
}
