package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.JavaProcess;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Backend;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where vectors cannot be used the provider says why, and {@code auto} trains without them. */
final class VectorBackendProviderTest {
  @TempDir private Path directory;

  private void assertPassedOver(String reason, String remedy, String... flags) throws Exception {
    List<String> lines = JavaProcess.run(directory, WithoutVectors.class, flags);
    for (String expected :
        List.of(
            "reason: " + reason,
            "remedy: " + remedy,
            "trained: vector: "
                + reason
                + " ("
                + remedy
                + "); scalar: chosen, plain Java, 1 thread",
            "refused: backend vector is not available: "
                + reason
                + "; "
                + remedy
                + ", or choose backend auto")) {
      assertTrue(lines.contains(expected), () -> expected + "\nis not in\n" + lines);
    }
  }

  @Test
  void needsTheIncubatorModule() throws Exception {
    assertPassedOver(
        "module jdk.incubator.vector is not enabled",
        "start Java with --add-modules jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void needsFusedMultiplyAdd() throws Exception {
    assertPassedOver(
        "the JVM has no fused multiply-add instruction",
        "needs a processor with FMA (x86: Haswell, 2013, or newer) and no -XX:-UseFMA",
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "-XX:-UseFMA");
  }

  @Test
  void isThereWithBoth() {
    VectorBackendProvider provider = new VectorBackendProvider();
    assertEquals("vector", provider.name());
    Backend backend = assertInstanceOf(Available.class, provider.probe()).backend();
    assertEquals("vector", backend.name());
    assertTrue(backend.device().matches("\\d+-bit vectors, up to \\d+ threads"));
  }
}
