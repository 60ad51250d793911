package io.github.gpumf.data;

import java.util.function.IntConsumer;

/** Does a task for each index below a count, in any order, on any threads. */
@FunctionalInterface
public interface Workers {
  /** One after the other, on the calling thread. */
  Workers CALLER =
      (count, task) -> {
        for (int index = 0; index < count; index++) {
          task.accept(index);
        }
      };

  /**
   * Does the tasks, and returns when all are done.
   *
   * @param count how many, at least 0
   * @param task is given the index
   */
  void run(int count, IntConsumer task);

  /**
   * Workers for long tasks: the calling thread, and others that live no longer than a call. If a
   * task fails, those that have not begun are left out, and what it threw is thrown when the others
   * are over.
   *
   * @param threads at most so many at a time, the caller included; at least 1
   * @return workers that any thread may call
   * @throws IllegalArgumentException if there is not at least one thread
   */
  static Workers of(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    return (count, task) -> {
      int helpers = Math.min(threads, count) - 1;
      if (helpers < 1) {
        CALLER.run(count, task);
      } else {
        new SharedTasks(count, task).run(helpers);
      }
    };
  }
}
