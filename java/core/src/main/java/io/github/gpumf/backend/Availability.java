package io.github.gpumf.backend;

import org.jspecify.annotations.Nullable;

/** What a probe found: the backend, or why there is none. */
public sealed interface Availability {
  /**
   * The backend can be used.
   *
   * @param backend ready to open sessions
   */
  record Available(Backend backend) implements Availability {}

  /**
   * The backend cannot be used here.
   *
   * @param reason what is missing, as a phrase: {@code no NVIDIA driver (libcuda.so.1 not found)}
   * @param remedy what would enable it, as a phrase
   * @param cause the failure behind it, if there was one
   */
  record Unavailable(String reason, String remedy, @Nullable Throwable cause)
      implements Availability {}
}
