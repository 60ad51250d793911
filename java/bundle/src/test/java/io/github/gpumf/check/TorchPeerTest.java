package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever python3 does when it is asked for torch, the check goes on. */
final class TorchPeerTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private static String probe(String script, Duration most) throws InterruptedException {
    return TorchPeer.probe(List.of("sh", "-c", script), most);
  }

  @Test
  @Timeout(30)
  void anImportThatHangsIsEnded() throws InterruptedException {
    List<ProcessHandle> before = ProcessHandle.current().children().toList();
    assertEquals(
        "python3 has not imported torch after 0.2 s",
        probe("echo 2.6.0; exec sleep 600", Duration.ofMillis(200)));
    for (ProcessHandle child : ProcessHandle.current().children().toList()) {
      assertTrue(
          before.contains(child) || child.onExit().orTimeout(10, TimeUnit.SECONDS).join() != null);
    }
  }

  @Test
  void itsLineIsTheAnswer() throws InterruptedException {
    assertEquals("2.6.0 True", probe("echo 2.6.0 True", MINUTE));
  }

  @Test
  void thatItFailsOrIsNotThereIsSaid() throws InterruptedException {
    assertEquals("python3 has no torch", probe("echo 2.6.0 True; exit 1", MINUTE));
    assertEquals("there is no python3", TorchPeer.probe(List.of("/there/is/no/python3"), MINUTE));
  }
}
