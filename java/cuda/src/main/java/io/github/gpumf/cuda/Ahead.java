package io.github.gpumf.cuda;

import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * An answer that is being found on a thread of its own, while its owner does something else.
 *
 * <p>Whoever asks for it, or closes this, waits until the thread is over, interrupted or not: the
 * driver does not break off what it has begun, and the owner's context and memory must not end
 * before. An interrupt stays pending.
 */
final class Ahead<T> implements AutoCloseable {
  private final FutureTask<T> task;
  private final Thread thread;

  private Ahead(FutureTask<T> task, Thread thread) {
    this.task = task;
    this.thread = thread;
  }

  /**
   * Begins.
   *
   * @param thread its name
   * @param work throws nothing checked
   */
  static <T> Ahead<T> begin(String thread, Supplier<T> work) {
    FutureTask<T> task = new FutureTask<>(work::get);
    // Not a virtual one: to the driver a context is current on a thread of the system.
    return new Ahead<>(task, Thread.ofPlatform().name(thread).daemon().start(task));
  }

  /** The answer, or what finding it threw. */
  T get() {
    close();
    if (task.state() == FutureTask.State.SUCCESS) {
      return task.resultNow();
    }
    switch (task.exceptionNow()) {
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      case Throwable checked -> throw new AssertionError("work throws nothing else", checked);
    }
  }

  /** Waits until the thread is over; what its work threw is left to {@link #get}. */
  @Override
  public void close() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
