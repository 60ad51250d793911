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
    boolean onHost = plan.memory().equals(HostMemory.NAME);
    List<String> remedies = new ArrayList<>();
    if (!plan.fits()) {
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
    } else if (!onHost) {
      remedies.add("try again, another process has taken what was free (nvidia-smi lists them)");
    }
    remedies.add(onHost ? HostMemory.REMEDY : "use the host's memory (backend vector)");
    return new DeviceException("the training needs " + plan, String.join(", or ", remedies), cause);
  }

  /**
   * A training whose opening took more memory than the JVM gives, wherever it was to run.
   *
   * @param plan of the training
   * @param full the JVM's refusal
   * @return with the numbers of both, and how to have more
   */
  public static DeviceException outOfHostMemory(MemoryPlan plan, OutOfMemoryError full) {
    return new DeviceException(
        "the training needs " + plan + ", but the JVM refuses: " + full.getMessage(),
        HostMemory.REMEDY,
        full);
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
