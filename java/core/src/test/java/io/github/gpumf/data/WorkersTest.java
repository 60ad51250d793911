package io.github.gpumf.data;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WorkersTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 5", "2, 0", "2, 1", "2, 2", "3, 100", "8, 3"})
  void eachTaskIsDoneOnceByTheTimeOfTheReturn(int threads, int count) {
    AtomicIntegerArray done = new AtomicIntegerArray(count);
    Set<Thread> used = ConcurrentHashMap.newKeySet();
    Workers.of(threads)
        .run(
            count,
            task -> {
              used.add(Thread.currentThread());
              done.incrementAndGet(task);
            });
    for (int task = 0; task < count; task++) {
      assertEquals(1, done.get(task), "task " + task);
    }
    assertTrue(used.size() <= Math.max(1, Math.min(threads, count)), used.toString());
  }

  /** Two tasks that wait for each other can only end on two threads. */
  @Test
  void tasksRunAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);
    Workers.of(2)
        .run(
            2,
            task -> {
              both.countDown();
              await(both);
            });
    assertEquals(0, both.getCount());
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "4"})
  void aFailureIsThrownWhenTheOthersAreOver(int threads) {
    for (Throwable failure : new Throwable[] {new IllegalStateException("x"), new Error("y")}) {
      AtomicInteger running = new AtomicInteger();
      AtomicInteger begun = new AtomicInteger();
      Throwable thrown =
          assertThrows(
              Throwable.class,
              () ->
                  Workers.of(threads)
                      .run(
                          100_000,
                          task -> {
                            running.incrementAndGet();
                            begun.incrementAndGet();
                            try {
                              if (task == 7) {
                                throwUnchecked(failure);
                              }
                              Thread.onSpinWait();
                            } finally {
                              running.decrementAndGet();
                            }
                          }));
      assertSame(failure, thrown);
      assertEquals(0, running.get());
      assertTrue(begun.get() < 100_000, begun + " tasks had begun");
    }
  }

  /** Whoever is interrupted may own the memory that tasks work on. */
  @Test
  void anInterruptedCallerStaysUntilAllIsDone() {
    AtomicInteger done = new AtomicInteger();
    Thread.currentThread().interrupt();
    Workers.of(3).run(1000, task -> done.incrementAndGet());
    assertTrue(Thread.interrupted());
    assertEquals(1000, done.get());
  }

  @Test
  void refusesLessThanOneThread() {
    assertIllegal("threads must be at least 1, not 0", () -> Workers.of(0));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private static void throwUnchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }
}
