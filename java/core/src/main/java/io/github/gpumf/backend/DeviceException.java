package io.github.gpumf.backend;

import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The device of a backend has not the memory that is needed, or has failed. Nothing of what was
 * being opened is left on it.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final Optimizer STATELESS = new Sgd(1);

  /** What is wrong. */
  private final String reason;

  /** What would help. */
  private final String remedy;

  /**
   * Makes the exception.
   *
   * @param reason what is wrong, as a phrase
   * @param remedy what would help, as a phrase
   * @param cause the failure behind it, if there was one
   */
  public DeviceException(String reason, String remedy, @Nullable Throwable cause) {
    super(reason + "; " + remedy, cause);
    this.reason = reason;
    this.remedy = remedy;
  }

  /**
   * A training that does not fit.
   *
   * @param on where
   * @param shape of the training
   * @param cause the failure behind it, if it was tried
   * @return with what would make it fit
   */
  public static DeviceException outOfMemory(
      Backend on, TrainingShape shape, @Nullable Throwable cause) {
    MemoryPlan plan = on.plan(shape);
    List<String> remedies = new ArrayList<>();
    if (plan.fits()) {
      remedies.add("try again, another process has taken what was free (nvidia-smi lists them)");
    } else {
      int factors = most(shape.spec().factors(), k -> on.plan(shape.withFactors(k)).fits());
      if (factors > 0) {
        remedies.add("use at most " + factors + " factors");
      }
      int batch = most(shape.largestBatch(), size -> on.plan(shape.withBatchSize(size)).fits());
      if (batch > 0) {
        remedies.add("use batches of at most " + batch);
      }
      if (on.plan(shape.withOptimizer(STATELESS)).fits()) {
        remedies.add("use an optimizer without state (sgd)");
      }
    }
    remedies.add("use the host's memory (backend vector)");
    return new DeviceException("the training needs " + plan, String.join(", or ", remedies), cause);
  }

  /**
   * A training to which the JVM refuses the host's memory when it is opened, wherever it is to run.
   * No other backend is tried then: they share that memory.
   *
   * @param plan of the training
   * @param full the JVM's refusal
   * @return with the plan's numbers if they are of the host, and how to have more
   */
  public static DeviceException outOfHostMemory(MemoryPlan plan, OutOfMemoryError full) {
    String refusal = "the JVM refuses what the training needs of the host: " + full.getMessage();
    return new DeviceException(
        plan.onHost() ? "the training needs " + plan + ", and " + refusal : refusal,
        HostMemory.REMEDY,
        full);
  }

  /** Whether it is the host whose memory does not suffice. */
  boolean isOfHost() {
    return getCause() instanceof OutOfMemoryError;
  }

  /** The largest number below a limit that is small enough, or 0. */
  private static int most(int limit, IntPredicate isSmallEnough) {
    int good = 0;
    int bad = limit;
    while (bad - good > 1) {
      int middle = (good + bad) >>> 1;
      if (isSmallEnough.test(middle)) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }

  /**
   * What is wrong.
   *
   * @return a phrase
   */
  public String reason() {
    return reason;
  }

  /**
   * What would help.
   *
   * @return a phrase
   */
  public String remedy() {
    return remedy;
  }
}
