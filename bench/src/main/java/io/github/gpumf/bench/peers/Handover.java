package io.github.gpumf.bench.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What a cache line takes from one thread to another and back: each waits for the other's number
 * and writes the next one. Whatever threads write for each other, a barrier, a queue or a row of
 * weights, takes that much at least.
 */
final class Handover {
  private static final VarHandle NUMBER = MethodHandles.arrayElementVarHandle(long[].class);

  /** Two lines on either side, since lines may be fetched in pairs. */
  private static final int PADDING = 128 / Long.BYTES;

  private static final int ROUND_TRIPS = 200_000;
  private static final int REPEATS = 7;

  /**
   * Looks for the other's number before a thread gives its processor away. They take microseconds,
   * longer than any line, so that it only happens where the other waits for this very processor.
   */
  private static final int PATIENCE = 2_000;

  private final long[] numbers = new long[2 * PADDING + 1];

  private Handover() {}

  /** Nanoseconds of a round trip, the best of several times: what nothing disturbed. */
  static double nanoseconds() throws InterruptedException {
    double best = Double.POSITIVE_INFINITY;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      best = Math.min(best, new Handover().roundTrip());
    }
    return best;
  }

  private double roundTrip() throws InterruptedException {
    Thread other = Thread.ofPlatform().daemon().start(() -> answer(ROUND_TRIPS + 1));
    // The first one waits for the other thread's start.
    ask(0, 1);
    long start = System.nanoTime();
    ask(1, ROUND_TRIPS);
    double passed = System.nanoTime() - start;
    other.join();
    return passed / ROUND_TRIPS;
  }

  /** Writes odd numbers and waits for the even ones. */
  private void ask(long done, int roundTrips) {
    long number = 2 * done;
    for (int trip = 0; trip < roundTrips; trip++) {
      NUMBER.setOpaque(numbers, PADDING, number + 1);
      number += 2;
      await(number);
    }
  }

  /** Waits for odd numbers and writes the even ones. */
  private void answer(int roundTrips) {
    long number = 1;
    for (int trip = 0; trip < roundTrips; trip++) {
      await(number);
      NUMBER.setOpaque(numbers, PADDING, number + 1);
      number += 2;
    }
  }

  @SuppressWarnings(
      "ThreadPriorityCheck") // A scheduler that ignores it makes this slow, not wrong.
  private void await(long number) {
    int looks = 0;
    while ((long) NUMBER.getOpaque(numbers, PADDING) != number) {
      looks++;
      if (looks == PATIENCE) {
        Thread.yield();
        looks = 0;
      }
    }
  }
}
