package io.github.gpumf.cuda.driver;

/** A call of cuBLAS failed. The message names the call, the status and what to do. */
public final class CublasException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private static final int NOT_INITIALIZED = 1;
  private static final int ALLOC_FAILED = 3;
  private static final int ARCH_MISMATCH = 8;
  private static final int NOT_SUPPORTED = 15;

  /** The call. */
  private final String call;

  /** The status. */
  private final int status;

  CublasException(String call, int status) {
    super(problem(call, status) + "; " + remedyOf(status));
    this.call = call;
    this.status = status;
  }

  /**
   * The call that failed.
   *
   * @return under cuBLAS' name
   */
  public String call() {
    return call;
  }

  /**
   * What cuBLAS returned.
   *
   * @return a {@code cublasStatus_t}
   */
  public int status() {
    return status;
  }

  /**
   * The name of the status.
   *
   * @return such as {@code CUBLAS_STATUS_ALLOC_FAILED}
   */
  public String statusName() {
    return name(status);
  }

  /**
   * What happened, without what to do.
   *
   * @return a phrase
   */
  public String problem() {
    return problem(call, status);
  }

  /**
   * What to do.
   *
   * @return a phrase
   */
  public String remedy() {
    return remedyOf(status);
  }

  private static String problem(String call, int status) {
    return call + " failed: " + name(status) + " (" + status + ")";
  }

  private static String name(int status) {
    return switch (status) {
      case NOT_INITIALIZED -> "CUBLAS_STATUS_NOT_INITIALIZED";
      case ALLOC_FAILED -> "CUBLAS_STATUS_ALLOC_FAILED";
      case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
      case ARCH_MISMATCH -> "CUBLAS_STATUS_ARCH_MISMATCH";
      case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
      case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
      case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
      case NOT_SUPPORTED -> "CUBLAS_STATUS_NOT_SUPPORTED";
      default -> "a status without a name";
    };
  }

  private static String remedyOf(int status) {
    String without = "or do without cuBLAS: -D" + CublasLibraries.PROPERTY + "=off";
    return switch (status) {
      case NOT_INITIALIZED -> "update the NVIDIA driver to one of cuBLAS' own version, " + without;
      case ALLOC_FAILED ->
          "cuBLAS needs memory of the device beside ours: stop other processes on the GPU, "
              + without;
      case ARCH_MISMATCH, NOT_SUPPORTED ->
          "install a version of cuBLAS that supports this GPU, " + without;
      default ->
          "an error that a kernel made earlier may be behind it; run again with compute-sanitizer, "
              + without;
    };
  }
}
