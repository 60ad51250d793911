package io.github.gpumf.cuda;

import org.jspecify.annotations.Nullable;

/** Arguments of kernels. */
final class Arguments {
  /** A pointer to nothing: what a model or an optimizer does not have. */
  static final Long NULL = 0L;

  private Arguments() {}

  /** The buffer of a table, or a pointer to nothing. */
  static Object orNull(@Nullable DeviceTable table) {
    return table == null ? NULL : table.buffer();
  }

  /** A buffer, or a pointer to nothing. */
  static Object orNull(io.github.gpumf.cuda.driver.@Nullable DeviceBuffer buffer) {
    return buffer == null ? NULL : buffer;
  }
}
