package io.github.gpumf.cli;

import io.github.gpumf.train.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C (and SIGTERM) into a cancelled training: the command still saves the model of the
 * last finished epoch, and the JVM waits for that.
 */
final class Interruption implements AutoCloseable {
  /** Longer than saving a model takes. */
  private static final long PATIENCE_SECONDS = 60;

  private final Cancellation cancellation = new Cancellation();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupted, "gpumf-interruption");

  Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  Cancellation cancellation() {
    return cancellation;
  }

  private void interrupted() {
    cancellation.cancel();
    try {
      if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("gpumf: gave up waiting for the training to end");
      }
    } catch (InterruptedException whileWaiting) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook runs already, and has just been released.
      return;
    }
  }
}
