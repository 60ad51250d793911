package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What an action that must fail says. */
final class Thrown {
  private Thrown() {}

  /** Checks that an action fails with a message that holds all these parts. */
  static <T extends Throwable> T assertFails(Class<T> type, Executable action, String... parts) {
    T failure = assertThrows(type, action);
    String message = String.valueOf(failure.getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "\"" + part + "\" is not in: " + message);
    }
    return failure;
  }
}
