package io.github.gpumf.backend;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The device of a backend has not the memory that is needed, or has failed. Nothing of what was
 * being opened is left on it.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

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
   * @param plan what it needs and what there is
   * @param shape of the training
   * @param cause the failure behind it, if it was tried
   * @return with what would make it smaller
   */
  public static DeviceException outOfMemory(
      MemoryPlan plan, TrainingShape shape, @Nullable Throwable cause) {
    List<String> smaller = new ArrayList<>();
    if (shape.spec().factors() > 1) {
      smaller.add("fewer factors than " + shape.spec().factors());
    }
    smaller.add("a smaller batch than " + shape.batchSize());
    if (!TrainingState.slotNames(shape.optimizer()).isEmpty()) {
      smaller.add("an optimizer without state (sgd)");
    }
    return new DeviceException(
        "the training needs " + plan,
        "use " + String.join(", ", smaller) + ", or the host's memory (--backend vector)",
        cause);
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
