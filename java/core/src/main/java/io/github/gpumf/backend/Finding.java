package io.github.gpumf.backend;

import org.jspecify.annotations.Nullable;

/**
 * Something that a backend uses, or would use if it were there.
 *
 * @param subject such as {@code driver}
 * @param on whether it is used
 * @param text what it is, or why it is not used
 * @param remedy what would turn it on; null where it is on, or nothing would
 */
public record Finding(String subject, boolean on, String text, @Nullable String remedy) {
  /**
   * Something that is used.
   *
   * @param subject such as {@code driver}
   * @param text what it is
   * @return the finding
   */
  public static Finding on(String subject, String text) {
    return new Finding(subject, true, text, null);
  }

  /**
   * Something that is not used.
   *
   * @param subject such as {@code binding}
   * @param reason why
   * @param remedy what would turn it on, or null
   * @return the finding
   */
  public static Finding off(String subject, String reason, @Nullable String remedy) {
    return new Finding(subject, false, reason, remedy);
  }
}
