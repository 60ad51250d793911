package io.github.gpumf.bench.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The most memory that a process has had so far: the peak of its resident set, which Linux keeps as
 * {@code VmHWM} in {@code /proc/PID/status}, in units of 1,024 bytes. Files that are mapped count
 * while they are, memory of a GPU does not.
 */
final class PeakMemory {
  private static final String NAME = "VmHWM:";
  private static final long KIB = 1024;

  private PeakMemory() {}

  /** Bytes; nothing where the system does not tell, or the process has ended. */
  static OptionalLong ofProcess(long id) {
    Path status = Path.of("/proc", Long.toString(id), "status");
    try {
      // The name of a process is there too, and may be any bytes.
      for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(NAME)) {
          String[] words = line.substring(NAME.length()).strip().split(" ", -1);
          return OptionalLong.of(Long.parseLong(words[0]) * KIB);
        }
      }
    } catch (IOException absent) {
      // Not Linux, or nobody is there any more.
    }
    return OptionalLong.empty();
  }
}
