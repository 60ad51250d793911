package io.github.gpumf.data;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Work with a {@link java.nio.channels.FileChannel} that an interruption of its thread would close:
 * begun again until it is done. Files that are written or read because a training was interrupted
 * must not fail for that.
 */
public final class Uninterrupted {
  private Uninterrupted() {}

  /**
   * Opens a channel, uses it and closes it.
   *
   * @param <T> what it finds
   */
  @FunctionalInterface
  public interface Work<T> {
    /**
     * Does it.
     *
     * @return what it finds
     * @throws IOException if it cannot be done
     */
    T run() throws IOException;
  }

  /**
   * Does the work; the thread's interrupt status is still set afterwards.
   *
   * @param <T> what it finds
   * @param work that may be begun several times
   * @return what it finds
   * @throws IOException if it cannot be done
   */
  public static <T> T run(Work<T> work) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return work.run();
        } catch (ClosedByInterruptException again) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
