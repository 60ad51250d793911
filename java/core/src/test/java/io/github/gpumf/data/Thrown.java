package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What an action that must fail says. */
public final class Thrown {
  private Thrown() {}

  /** The message of what it throws. */
  public static String message(Class<? extends Throwable> type, Executable action) {
    String message = assertThrows(type, action).getMessage();
    assertNotNull(message);
    return message;
  }

  /** Fails unless it throws an IllegalArgumentException whose message contains the part. */
  public static void assertIllegal(String part, Executable action) {
    String message = message(IllegalArgumentException.class, action);
    assertTrue(message.contains(part), message);
  }
}
