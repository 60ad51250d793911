package io.github.gpumf.cuda.driver;

import org.jspecify.annotations.Nullable;

/** What a look for cuBLAS found: the library, or why it is not used. */
public sealed interface CublasProbe {
  /**
   * There is one that fits the driver.
   *
   * @param library to call
   * @param version of it: {@code 12.6.0}
   */
  record Found(Cublas library, String version) implements CublasProbe {}

  /**
   * Products go through our own kernel.
   *
   * @param reason what is missing, as a phrase: {@code no cuBLAS (libcublas.so.12 not found)}
   * @param remedy what would help, as a phrase
   * @param cause the failure behind it, if there was one
   */
  record Missing(String reason, String remedy, @Nullable Throwable cause) implements CublasProbe {}
}
