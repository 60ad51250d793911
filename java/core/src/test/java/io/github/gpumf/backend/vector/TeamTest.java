package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TeamTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void visitsEveryIndexOnce(int size) {
    try (Team team = new Team(size)) {
      assertEquals(size, team.size());
      for (int count : new int[] {0, 1, 63, 64, 65, 1000}) {
        for (int chunk : new int[] {1, 7, 64, 2000}) {
          AtomicIntegerArray visits = new AtomicIntegerArray(count);
          team.run(
              count,
              chunk,
              (from, to, member) -> {
                assertTrue(member >= 0 && member < size);
                for (int at = from; at < to; at++) {
                  visits.incrementAndGet(at);
                }
              });
          team.runAtHome(
              count,
              chunk,
              (from, to, member) -> {
                for (int at = from; at < to; at++) {
                  visits.incrementAndGet(at);
                }
              });
          for (int at = 0; at < count; at++) {
            assertEquals(2, visits.get(at), "once in each loop");
          }
        }
      }
    }
  }

  @Test
  void membersBeginWithTheirOwnPartOfALoop() {
    int size = 3;
    try (Team team = new Team(size)) {
      for (int loop = 0; loop < 100; loop++) {
        CyclicBarrier all = new CyclicBarrier(size); // so that nobody helps anybody
        team.run(
            25,
            10, // of which the last part has 5
            (from, to, member) -> {
              await(all);
              assertEquals(member * 10, from);
              assertEquals(Math.min(25, from + 10), to);
            });
      }
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** A member that cannot go on with its part until another has done what is left of it. */
  @Test
  void whoIsReadyHelpsAMemberThatDoesNotComeAlong() {
    for (int stopped = 0; stopped < 2; stopped++) {
      int stops = stopped;
      try (Team team = new Team(2)) {
        for (int loop = 0; loop < 10; loop++) {
          CountDownLatch others = new CountDownLatch(3);
          AtomicIntegerArray visits = new AtomicIntegerArray(8);
          team.runAtHome(
              8,
              1,
              (from, to, member) -> {
                visits.incrementAndGet(from);
                if (from == 4 * stops) {
                  awaitAll(others);
                } else if (from / 4 == stops) {
                  others.countDown();
                }
              });
          for (int at = 0; at < 8; at++) {
            assertEquals(1, visits.get(at));
          }
        }
      }
    }
  }

  private static void awaitAll(CountDownLatch latch) {
    try {
      assertTrue(latch.await(1, TimeUnit.MINUTES), "nobody helps");
    } catch (InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  void aLoopSeesWhatTheLoopBeforeItWrote() {
    try (Team team = new Team(3)) {
      int[] numbers = new int[512];
      int[] copy = new int[512];
      for (int round = 1; round <= 10_000; round++) {
        int expected = round;
        team.run(
            512,
            64,
            (from, to, member) -> {
              for (int at = from; at < to; at++) {
                numbers[at] = expected;
              }
            });
        team.run(
            512,
            48,
            (from, to, member) -> {
              for (int at = from; at < to; at++) {
                copy[at] = numbers[511 - at];
              }
            });
        for (int number : copy) {
          assertEquals(expected, number);
        }
      }
    }
  }

  @Test
  void sleepersWakeUp() throws InterruptedException {
    try (Team team = new Team(2)) {
      for (int round = 0; round < 20; round++) {
        Thread.sleep(5); // longer than members spin
        ConcurrentHashMap<Integer, Integer> members = new ConcurrentHashMap<>();
        team.run(
            2,
            1,
            (from, to, member) -> {
              members.put(from, member);
              // Neither chunk ends before both have begun, so both members must have come.
              while (members.size() < 2) {
                Thread.onSpinWait();
              }
            });
        assertEquals(2, members.values().stream().distinct().count());
      }
    }
  }

  @Test
  void aFailureReachesTheCallerAndTheTeamGoesOn() {
    try (Team team = new Team(2)) {
      IllegalStateException failure = new IllegalStateException("chunk 40");
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  team.run(
                      100,
                      1,
                      (from, to, member) -> {
                        if (from == 40) {
                          throw failure;
                        }
                      }));
      assertSame(failure, thrown);
      AtomicIntegerArray visits = new AtomicIntegerArray(10);
      team.run(10, 1, (from, to, member) -> visits.incrementAndGet(from));
      for (int at = 0; at < 10; at++) {
        assertEquals(1, visits.get(at));
      }
    }
  }

  @Test
  void closingEndsTheThreads() {
    ConcurrentHashMap<Thread, Boolean> members = new ConcurrentHashMap<>();
    Team team = new Team(2);
    while (members.size() < 2) {
      team.run(2, 1, (from, to, member) -> members.put(Thread.currentThread(), true));
    }
    members.remove(Thread.currentThread());
    team.close();
    members.keySet().forEach(thread -> assertFalse(thread.isAlive()));
  }
}
