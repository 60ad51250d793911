package io.github.gpumf.cuda.driver;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call of the CUDA driver failed. The message names the call, the error, what it means and what
 * to do. Kernels and copies run late, so the call named may only be the first that hears of it.
 */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The call. */
  private final String call;

  /** The driver's result code. */
  private final int code;

  /** The code's name. */
  private final String name;

  /** What it means. */
  private final String meaning;

  /** What was to be done by the call; null where its name says all. */
  private final @Nullable String purpose;

  private CudaException(
      String call,
      int code,
      String name,
      String meaning,
      @Nullable String purpose,
      @Nullable Throwable cause) {
    super(
        call
            + " failed"
            + (purpose == null ? "" : " (" + purpose + ")")
            + ": "
            + name
            + " ("
            + code
            + "), "
            + meaning
            + "; "
            + Remedies.of(code),
        cause);
    this.call = call;
    this.code = code;
    this.name = name;
    this.meaning = meaning;
    this.purpose = purpose;
  }

  /** Names the code as the driver does. */
  static CudaException of(CudaDriver driver, String call, int code) {
    return new CudaException(
        call,
        code,
        Objects.requireNonNullElse(driver.cuGetErrorName(code), "an error without a name"),
        Objects.requireNonNullElse(
            driver.cuGetErrorString(code), "which is newer than this driver"),
        null,
        null);
  }

  /** The same error, saying what was attempted. */
  CudaException during(String what) {
    return new CudaException(
        call, code, name, meaning, purpose == null ? what : purpose + "; " + what, this);
  }

  /**
   * The call that failed.
   *
   * @return under CUDA's name
   */
  public String call() {
    return call;
  }

  /**
   * What the driver returned.
   *
   * @return a {@code CUresult}
   */
  public int code() {
    return code;
  }

  /**
   * The name of the error.
   *
   * @return such as {@code CUDA_ERROR_OUT_OF_MEMORY}
   */
  public String errorName() {
    return name;
  }

  /**
   * What the error means.
   *
   * @return a phrase
   */
  public String meaning() {
    return meaning;
  }

  /**
   * What to do.
   *
   * @return a phrase
   */
  public String remedy() {
    return Remedies.of(code);
  }

  /**
   * What happened, without what to do.
   *
   * @return a phrase
   */
  public String problem() {
    return call
        + " failed"
        + (purpose == null ? "" : " (" + purpose + ")")
        + ": "
        + name
        + ", "
        + meaning;
  }

  /**
   * Whether there was too little memory.
   *
   * @return true if the same would work where there is more
   */
  public boolean isOutOfMemory() {
    return code == Remedies.OUT_OF_MEMORY;
  }

  /**
   * Whether the context is lost with all that is in it: every later call fails with the same code
   * until the process ends or everybody has released the device's primary context.
   *
   * @return true after a kernel went wrong
   */
  public boolean isContextLost() {
    return Remedies.losesContext(code);
  }
}
