package io.github.gpumf.bench.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * @param loadBefore the load average of the minute before: on a quiet machine near 0
 */
record Machine(
    String processor, int cores, double memoryGiB, String java, String date, double loadBefore) {
  private static final double GIB = 1L << 30;

  static Machine here() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Machine(
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        system.getTotalMemorySize() / GIB,
        System.getProperty("java.version"),
        LocalDate.now(ZoneOffset.UTC).toString(),
        system.getSystemLoadAverage());
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
