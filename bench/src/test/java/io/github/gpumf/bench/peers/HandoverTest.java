package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * How long a line takes is the machine's; that the threads never wait for each other for ever is
 * not.
 */
final class HandoverTest {
  @Test
  @Timeout(120)
  void ends() throws InterruptedException {
    double nanoseconds = Handover.nanoseconds();
    assertTrue(nanoseconds > 0 && nanoseconds < Double.POSITIVE_INFINITY, nanoseconds + " ns");
  }
}
