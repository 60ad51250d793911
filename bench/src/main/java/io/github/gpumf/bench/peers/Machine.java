package io.github.gpumf.bench.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * Where and when a run was made.
 *
 * @param processor its name
 * @param cores processors that the JVM may use
 * @param memoryGiB of the machine
 * @param java version of the JVM
 * @param date in UTC
 * @param busyBefore how many processors were busy just before, with whatever else runs here: on a
 *     quiet machine near 0. The load average is no measure of it, since what builds the benchmarks
 *     is in it
 */
record Machine(
    String processor, int cores, double memoryGiB, String java, String date, double busyBefore) {
  private static final double GIB = 1L << 30;
  private static final Duration LOOK = Duration.ofSeconds(2);

  static Machine here() throws InterruptedException {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Machine(
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        system.getTotalMemorySize() / GIB,
        System.getProperty("java.version"),
        LocalDate.now(ZoneOffset.UTC).toString(),
        busy(system));
  }

  /** Processors that are busy while this thread sleeps. */
  private static double busy(OperatingSystemMXBean system) throws InterruptedException {
    system.getCpuLoad(); // begins what the next call ends
    Thread.sleep(LOOK);
    return Math.max(0, system.getCpuLoad()) * system.getAvailableProcessors();
  }

  private static String processorName() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException absent) {
      // Not Linux: the architecture must do.
    }
    return System.getProperty("os.arch");
  }
}
