package io.github.gpumf.backend;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The memory that a training takes, known before any of it is allocated.
 *
 * @param memory whose it is: {@code GPU 0: NVIDIA H200}, {@code host}
 * @param parts what it is for, in the order in which it is allocated
 * @param freeBytes how much there is now: of the host, what the JVM still gives; empty if nobody
 *     knows
 */
public record MemoryPlan(String memory, List<Part> parts, OptionalLong freeBytes) {
  private static final double KIB = 1L << 10;
  private static final double MIB = 1L << 20;
  private static final double GIB = 1L << 30;

  /**
   * What some of the memory is for.
   *
   * @param name such as {@code optimizer state}
   * @param bytes at least 0
   */
  public record Part(String name, long bytes) {}

  /** Copies the parts, and leaves out those that take nothing. */
  public MemoryPlan {
    parts = parts.stream().filter(part -> part.bytes() > 0).toList();
  }

  /**
   * With one part more.
   *
   * @param part what it is for
   * @return a plan of the same memory
   */
  public MemoryPlan with(Part part) {
    return new MemoryPlan(
        memory, Stream.concat(parts.stream(), Stream.of(part)).toList(), freeBytes);
  }

  /**
   * All parts together.
   *
   * @return bytes
   */
  public long neededBytes() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  /**
   * Whether there is so much. A device allocates in blocks, some KiB to 2 MiB more than is asked
   * for, and others use it too, so that a close fit may still fail.
   *
   * @return true if nobody knows
   */
  public boolean fits() {
    return freeBytes.isEmpty() || neededBytes() <= freeBytes.getAsLong();
  }

  /**
   * Whether it is the host's memory.
   *
   * @return false if it is a device's
   */
  public boolean onHost() {
    return memory.equals(HostMemory.NAME);
  }

  /**
   * A number of bytes for people.
   *
   * @param bytes at least 0
   * @return such as {@code 1.4 GiB}
   */
  public static String text(long bytes) {
    if (bytes < KIB) {
      return bytes + " B";
    }
    if (bytes < MIB) {
      return String.format(Locale.ROOT, "%.1f KiB", bytes / KIB);
    }
    return bytes < GIB
        ? String.format(Locale.ROOT, "%.1f MiB", bytes / MIB)
        : String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
  }

  /** One line for messages. */
  @Override
  public String toString() {
    return text(neededBytes())
        + parts.stream()
            .map(part -> part.name() + " " + text(part.bytes()))
            .collect(Collectors.joining(", ", " (", ")"))
        + ", and "
        + memory
        + " has "
        + (freeBytes.isPresent() ? text(freeBytes.getAsLong()) + " free" : "what the system gives");
  }
}
