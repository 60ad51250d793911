package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class PeakMemoryTest {
  private static final long MIB = 1 << 20;

  /**
   * What is touched is alone more than the peak so far, and is given back before it is asked for.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void remembersMemoryThatIsGivenBack() {
    long own = ProcessHandle.current().pid();
    long before = PeakMemory.ofProcess(own).orElseThrow();
    long touched = before + 64 * MIB;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(touched);
      memory.fill((byte) 1);
    }
    long after = PeakMemory.ofProcess(own).orElseThrow();
    assertTrue(after >= touched, after + " bytes, though " + touched + " were touched");
  }

  @Test
  void knowsNothingOfProcessesThatAreGone() throws Exception {
    Process gone = new ProcessBuilder("sh", "-c", "exit 0").start();
    gone.waitFor();
    assertEquals(OptionalLong.empty(), PeakMemory.ofProcess(gone.pid()));
  }
}
