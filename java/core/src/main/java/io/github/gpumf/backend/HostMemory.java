package io.github.gpumf.backend;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.model.SeenItems;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/**
 * The host's memory outside the Java heap, where tables and ratings lie. The JVM gives no more of
 * it than {@code -XX:MaxDirectMemorySize}, by default as much as the heap may have.
 *
 * <p>Safe for any number of threads.
 */
public final class HostMemory {
  /** Whose it is, in a {@link MemoryPlan}. */
  public static final String NAME = "host";

  /** How there comes to be more. */
  public static final String REMEDY =
      "raise the JVM's limits (-XX:MaxDirectMemorySize, and -Xmx for the heap;"
          + " GPUMF_JAVA_OPTIONS of the command)";

  /** As long as the JVM itself waits before it refuses an allocation, half a second in all. */
  private static final long LONGEST_WAIT_MILLIS = 256;

  private HostMemory() {}

  /**
   * The plan of a training on the host, with what lies beside its session: the start that it goes
   * on from, and what is made of its end.
   *
   * @param shape of the training
   * @param ofSession what the session takes. Arrays on the heap are few beside its tables, and
   *     count like them
   * @return all parts, and how much the JVM still gives
   */
  public static MemoryPlan plan(TrainingShape shape, List<Part> ofSession) {
    int factors = shape.spec().factors();
    long weights = shape.numbers(factors) * Float.BYTES;
    long slot = shape.numbers(TrainingState.slotColumns(shape.optimizer(), factors)) * Float.BYTES;
    int slots = TrainingState.slotNames(shape.optimizer()).size();
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("start", weights + slots * slot));
    parts.addAll(ofSession);
    parts.add(new Part("model", weights));
    parts.add(
        new Part(
            "seen items", shape.keepsSeen() ? SeenItems.bytes(shape.ratings(), shape.users()) : 0));
    return new MemoryPlan(NAME, parts, freeBytes());
  }

  /** What the JVM still gives; empty where it cannot be asked. */
  private static OptionalLong freeBytes() {
    try {
      OptionalLong limit = limit();
      return limit.isEmpty()
          ? limit
          : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .filter(pool -> pool.getName().equals("direct"))
              .mapToLong(pool -> Math.max(0, limit.getAsLong() - pool.getTotalCapacity()))
              .findFirst();
    } catch (NoClassDefFoundError withoutManagement) {
      return OptionalLong.empty(); // A runtime without jdk.management cannot be asked.
    }
  }

  private static OptionalLong limit() {
    HotSpotDiagnosticMXBean hotSpot =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (hotSpot == null) {
      return OptionalLong.empty();
    }
    long set = Long.parseLong(hotSpot.getVMOption("MaxDirectMemorySize").getValue());
    return OptionalLong.of(set == 0 ? Runtime.getRuntime().maxMemory() : set);
  }

  /**
   * Collects garbage until there is enough memory, or no more to be had: tables that nobody refers
   * to any more count until they are collected. Takes up to half a second.
   *
   * @param enough whether there is enough
   */
  public static void collectUntil(BooleanSupplier enough) {
    System.gc();
    try {
      for (long wait = 1; wait <= LONGEST_WAIT_MILLIS && !enough.getAsBoolean(); wait *= 2) {
        Thread.sleep(wait);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
