package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class AheadTest {
  /** An answer that takes a while after its thread has begun. */
  private static Supplier<Thread> slow(AtomicBoolean over) {
    return () -> {
      try {
        Thread.sleep(100);
      } catch (InterruptedException interrupted) {
        throw new AssertionError("an interrupt of the owner is not for this thread", interrupted);
      }
      over.set(true);
      return Thread.currentThread();
    };
  }

  /** Work that waits for its owner can only end on another thread. */
  @Test
  void theOwnerGoesOnMeanwhile() {
    CountDownLatch latch = new CountDownLatch(1);
    try (Ahead<Integer> ahead =
        Ahead.begin(
            "test",
            () -> {
              try {
                latch.await();
              } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
              }
              return 7;
            })) {
      latch.countDown();
      assertEquals(7, ahead.get());
      assertEquals(7, ahead.get(), "once more");
    }
  }

  @Test
  void nothingGoesOnAfterTheEnd() {
    AtomicBoolean over = new AtomicBoolean();
    Ahead<Thread> unasked = Ahead.begin("test", slow(over));
    unasked.close();
    assertTrue(over.get());
    assertFalse(unasked.get().isAlive());
  }

  @Test
  void anInterruptedOwnerGetsTheAnswerAndStaysInterrupted() {
    AtomicBoolean over = new AtomicBoolean();
    try (Ahead<Thread> ahead = Ahead.begin("test", slow(over))) {
      Thread.currentThread().interrupt();
      Thread of = ahead.get();
      assertTrue(over.get());
      assertTrue(Thread.currentThread().isInterrupted());
      assertEquals("test", of.getName());
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void whatTheWorkThrowsIsForWhoAsks() {
    for (Throwable failure : new Throwable[] {new IllegalStateException("x"), new Error("y")}) {
      Ahead<Integer> ahead =
          Ahead.begin(
              "test",
              () -> {
                if (failure instanceof Error error) {
                  throw error;
                }
                throw (RuntimeException) failure;
              });
      ahead.close();
      assertSame(failure, assertThrows(Throwable.class, ahead::get));
    }
  }
}
