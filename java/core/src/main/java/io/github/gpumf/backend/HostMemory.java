package io.github.gpumf.backend;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.model.SeenItems;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The host's memory outside the Java heap, where tables and ratings lie. Of what is freed by
 * garbage collection the JVM gives no more than {@code -XX:MaxDirectMemorySize}, by default as much
 * as the heap may have.
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
   * on from, the weights that it keeps, of which the model is made, and the seen items.
   *
   * <p>The JVM's limit is one of what is freed by garbage collection; what a session frees itself,
   * only the machine limits.
   *
   * @param shape of the training
   * @param ofSession what the session takes and frees. Arrays on the heap count like its tables,
   *     beside which they are few, unless batches are large: a plan may ask for more than is needed
   * @return all parts, and how much they may take at most: of what the JVM still gives, without
   *     what it would free if it collected garbage, and of all memory that the machine, or the
   *     container, has. It is for who asks: whether a training has its memory, the JVM says when it
   *     opens
   */
  public static MemoryPlan plan(TrainingShape shape, List<Part> ofSession) {
    int factors = shape.spec().factors();
    long weights = shape.numbers(factors) * Float.BYTES;
    long slot = shape.numbers(TrainingState.slotColumns(shape.optimizer(), factors)) * Float.BYTES;
    int slots = TrainingState.slotNames(shape.optimizer()).size();
    long session = ofSession.stream().mapToLong(Part::bytes).sum();
    boolean keepsSeen = shape.keepsSeen();
    long seen = keepsSeen ? SeenItems.bytes(shape.ratings(), shape.users()) : 0;
    long seenKept = keepsSeen ? SeenItems.bytesKept(shape.ratings(), shape.users()) : 0;
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("start", weights + slots * slot));
    parts.addAll(ofSession);
    int copies = shape.keepsBest() ? 2 : 1; // the last good weights, and the best
    parts.add(new Part("kept copies", copies * weights));
    // They are made when the session's memory is free again.
    parts.add(new Part("seen items", Math.max(0, seen - session)));
    return new MemoryPlan(NAME, parts, available(Math.max(session, seen) - seenKept));
  }

  /** What there is for a training of which so much does not count for the JVM's limit. */
  private static OptionalLong available(long uncounted) {
    try {
      OptionalLong free = freeBytes();
      return free.isEmpty()
          ? free
          : OptionalLong.of(Math.min(machineBytes(), free.getAsLong() + uncounted));
    } catch (NoClassDefFoundError withoutManagement) {
      return OptionalLong.empty(); // A runtime without jdk.management cannot be asked.
    }
  }

  /** Of the container, in one. What is free of it nobody knows: caches of files give way. */
  private static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean machine
        ? machine.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  /** What the JVM still gives; empty where it cannot be asked. */
  private static OptionalLong freeBytes() {
    OptionalLong limit = limit();
    return limit.isEmpty()
        ? limit
        : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(pool -> Math.max(0, limit.getAsLong() - pool.getTotalCapacity()))
            .findFirst();
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
