package io.github.gpumf.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.JavaProcess;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.MemoryPlan.Part;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostMemoryTest {
  @TempDir private Path directory;

  @Test
  void whatThePlanSaysToFitIsTrainedAndWhatNotIsRefused() throws Exception {
    List<String> lines =
        JavaProcess.run(
            directory,
            LittleMemory.class,
            "--add-modules=jdk.incubator.vector",
            "-XX:MaxDirectMemorySize=4m");
    List<String> refusals =
        lines.stream().filter(line -> line.contains("the training needs")).toList();
    // Six trainings, each with somewhat too many factors and with far too many, and one by auto.
    assertEquals(13, refusals.size(), lines::toString);
    for (String refusal : refusals) {
      assertTrue(
          refusal.matches(
              ".*the training needs [0-9.]+ MiB \\(start [0-9.]+ MiB, weights .*\\), and host has"
                  + " [0-9.]+ ([MK]i)?B free, and the JVM refuses what the training needs of the host: .*;"
                  + " raise the JVM's limits \\(-XX:MaxDirectMemorySize, .*GPUMF_JAVA_OPTIONS.*"),
          refusal);
      assertFalse(refusal.contains("nvidia"), refusal);
    }
  }

  @Test
  void aTrainedModelIsNotLostForWantOfMemory() throws Exception {
    List<String> lines =
        JavaProcess.run(
            directory,
            NoMemoryLeft.class,
            "--add-modules=jdk.incubator.vector",
            "-XX:MaxDirectMemorySize=32m");
    for (String backend : List.of("scalar", "vector")) {
      List<String> said = lines.stream().filter(line -> line.startsWith(backend)).toList();
      assertEquals(2, said.size(), lines::toString);
      assertTrue(
          said.get(0)
              .matches(
                  ".*: kept: the training needs .* refuses what the training needs of the host: no memory"
                      + " for the seen items of the model; raise the JVM's limits .*; the model of"
                      + " epoch 2 is kept without them"),
          said.get(0));
      assertTrue(
          said.get(1)
              .matches(
                  ".*: kept: backend "
                      + backend
                      + " failed in epoch 2: the training needs .*; the model of epoch 2 is kept"),
          said.get(1));
    }
  }

  @Test
  void whatTheJvmRefusesAllTheSameHasNumbersAndARemedy() {
    MemoryPlan plan =
        new MemoryPlan("host", List.of(new Part("weights", 1 << 20)), OptionalLong.of(1 << 21));
    OutOfMemoryError full = new OutOfMemoryError("Cannot reserve 1048576 bytes");
    DeviceException refusal = DeviceException.outOfHostMemory(plan, full);
    assertEquals(
        "the training needs 1.0 MiB (weights 1.0 MiB), and host has 2.0 MiB free, and the JVM refuses"
            + " what the training needs of the host: Cannot reserve 1048576 bytes",
        refusal.reason());
    assertTrue(refusal.remedy().startsWith("raise the JVM's limits"), refusal.remedy());
  }
}
