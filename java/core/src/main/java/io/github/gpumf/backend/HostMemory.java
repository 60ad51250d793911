package io.github.gpumf.backend;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.model.SeenItems;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

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

  private HostMemory() {}

  /**
   * The plan of a training on the host, with what lies beside its session: the start that it goes
   * on from, and what is made of its end.
   *
   * @param shape of the training
   * @param ofSession what the session takes. Arrays on the heap count like its tables, beside which
   *     they are few, unless batches are large: a plan may ask for more than is needed
   * @return all parts, and how much the JVM still gives, without what it would free if it collected
   *     garbage. It is for who asks: whether a training has its memory, the JVM says when it opens
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
    long ofSessionBytes = ofSession.stream().mapToLong(Part::bytes).sum();
    long seen = shape.keepsSeen() ? SeenItems.bytes(shape.ratings(), shape.users()) : 0;
    // They are made when the session's memory is free again.
    parts.add(new Part("seen items", Math.max(0, seen - ofSessionBytes)));
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
}
