package io.github.gpumf.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Tasks that several threads take, each the next one that nobody has. Used once. */
final class SharedTasks {
  private final int count;
  private final IntConsumer task;
  private final AtomicInteger next = new AtomicInteger();

  /** Whether a task has failed: no other begins. */
  private volatile boolean failed;

  SharedTasks(int count, IntConsumer task) {
    this.count = count;
    this.task = task;
  }

  /** Does all tasks on this thread and so many others; returns when none of them runs any more. */
  void run(int helpers) {
    List<Future<?>> others = new ArrayList<>();
    // Closing waits for all that has begun, interrupted or not: tasks may use the caller's memory.
    try (ExecutorService pool =
        Executors.newFixedThreadPool(
            helpers, Thread.ofPlatform().name("gpumf-worker-", 1).daemon().factory())) {
      for (int helper = 0; helper < helpers; helper++) {
        others.add(pool.submit(this::work));
      }
      work();
    }
    for (Future<?> other : others) {
      if (other.state() == Future.State.FAILED) {
        rethrow(other.exceptionNow());
      }
    }
  }

  private void work() {
    try {
      for (int index = next.getAndIncrement();
          index < count && !failed;
          index = next.getAndIncrement()) {
        task.accept(index);
      }
    } catch (RuntimeException | Error failure) {
      failed = true;
      throw failure;
    }
  }

  private static void rethrow(Throwable failure) {
    switch (failure) {
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      default -> throw new AssertionError("a task throws nothing else", failure);
    }
  }
}
