package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.cuda.driver.CudaDevice;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which GPU a check and the processes that it starts are on. */
final class CheckedGpuTest {
  private static final UUID ID = UUID.fromString("5e7c1f0a-0000-0000-0000-000000000001");

  /** What a process of this GPU's check has as CUDA_VISIBLE_DEVICES. */
  private static @Nullable String shownTo(int ordinal) {
    CudaDevice device = new CudaDevice(ordinal, "a GPU", ID, 9, 0, 1, 1, 1, 1, 12_060);
    ProcessBuilder process = new ProcessBuilder();
    process.environment().remove("CUDA_VISIBLE_DEVICES");
    new CheckedGpu(TestGpu.requireDriver(), device).makeFirst(process);
    Map<String, String> environment = process.environment();
    return environment.get("CUDA_VISIBLE_DEVICES");
  }

  @Test
  void isFirstForTheProcessesOfACheck() {
    assertEquals("GPU-" + ID, shownTo(2));
    assertNull(shownTo(0), "it is the first as it is");
  }

  @Test
  void isAskedForAsATrainingAsks() {
    assertTrue(CheckedGpu.isGpu("cuda"));
    assertTrue(CheckedGpu.isGpu("cuda:1"));
    for (String other : new String[] {"vector", "auto", "cuda1", ""}) {
      assertFalse(CheckedGpu.isGpu(other), other);
    }
  }
}
