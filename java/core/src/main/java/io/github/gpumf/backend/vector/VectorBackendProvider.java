package io.github.gpumf.backend.vector;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.backend.BackendProvider;
import java.lang.management.ManagementFactory;

/**
 * The vector backend can run where the JVM was started with the incubator module and compiles
 * vectors to instructions. Without either it would run, boxed, a hundred times slower than plain
 * Java.
 */
public final class VectorBackendProvider implements BackendProvider {
  private static final String MODULE = "jdk.incubator.vector";

  /** What {@link Lanes#FOUR} takes; and with less no machine gains from vectors. */
  private static final int LEAST_BITS = 128;

  /** For {@link java.util.ServiceLoader}. */
  public VectorBackendProvider() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public Availability probe() {
    // First of all: the classes behind this one do not link without the module.
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new Unavailable(
          "module " + MODULE + " is not enabled", "start Java with --add-modules " + MODULE, null);
    }
    if (!fusesMultiplyAdd()) {
      return new Unavailable(
          "the JVM has no fused multiply-add instruction",
          "needs a processor with FMA (x86: Haswell, 2013, or newer) and no -XX:-UseFMA",
          null);
    }
    int bits = Lanes.SPECIES.vectorBitSize();
    if (bits < LEAST_BITS) {
      return new Unavailable(
          "the JVM compiles vectors of " + bits + " bits only",
          "needs a HotSpot JVM with its C2 compiler and vectors of " + LEAST_BITS + " bits",
          null);
    }
    return new Available(new VectorBackend());
  }

  private static boolean fusesMultiplyAdd() {
    try {
      HotSpotDiagnosticMXBean hotSpot =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return hotSpot == null || Boolean.parseBoolean(hotSpot.getVMOption("UseFMA").getValue());
    } catch (NoClassDefFoundError withoutManagement) {
      return true; // A runtime without jdk.management cannot be asked; the usual processor has it.
    }
  }
}
