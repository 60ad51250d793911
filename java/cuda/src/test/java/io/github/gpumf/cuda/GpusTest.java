package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.cuda.driver.CudaDriver;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** One of several GPUs, by number or UUID; and what is told about them. */
final class GpusTest {
  private final CudaDriver driver = TestDriver.of(CudaDrivers.preferred());

  private Gpus three() {
    TestBackend.get(); // of the one device that the other tests know
    Assumptions.assumeTrue(
        System.getenv("CUDA_VISIBLE_DEVICES") == null,
        "left out, CUDA_VISIBLE_DEVICES is set and hides GPUs of the stand-in driver");
    TestDriver.standIn().devices(3);
    return new Gpus(driver);
  }

  @AfterEach
  void oneAgain() {
    StandIn.find().ifPresent(standIn -> standIn.devices(1));
  }

  @Test
  void aGpuIsFoundByNumberAndByUuid() {
    Gpus gpus = three();
    for (int ordinal = 0; ordinal < 3; ordinal++) {
      String id = gpus.all().get(ordinal).id();
      assertEquals(ordinal, gpus.find(Integer.toString(ordinal)).ordinal());
      assertEquals(ordinal, gpus.find(id).ordinal());
      assertEquals(ordinal, gpus.find(id.toUpperCase(java.util.Locale.ROOT)).ordinal());
    }
    TestDriver.standIn().devices(1);
    Gpus one = new Gpus(driver);
    String id = one.all().getFirst().id();
    assertEquals(0, one.find(id.substring(0, 8)).ordinal(), "the beginning is enough");
  }

  @Test
  void whatIsNotThereIsRefusedAndWhatIsThereNamed() {
    Gpus gpus = three();
    for (String wrong : List.of("3", "-1", "", "GPU-", "GPU-ffff", "one", "01")) {
      String message =
          String.valueOf(
              assertThrows(BackendUnavailableException.class, () -> gpus.find(wrong)).getMessage());
      assertTrue(message.startsWith("there is no GPU \"" + wrong + "\"; there are 0: "), message);
      assertTrue(message.contains(", 2: " + gpus.all().get(2).name()), message);
      assertTrue(message.contains(gpus.all().get(2).id()), message);
    }
    String beginning = gpus.all().getFirst().id().substring(0, 8); // the same for all
    String several =
        String.valueOf(
            assertThrows(BackendUnavailableException.class, () -> gpus.find(beginning))
                .getMessage());
    assertTrue(several.startsWith("several GPUs are meant by \"" + beginning), several);
  }

  @Test
  void aTrainingRunsOnTheGpuThatIsAskedFor() {
    Gpus gpus = three();
    Backend last = gpus.backend(gpus.find("0")).on("2");
    assertTrue(last.device().startsWith("GPU 2: "), last::device);
    assertEquals("cuda", last.name());
    assertSame(last, gpus.backend(gpus.find("2")), "context and kernels are shared");
    try (TrainingSession session =
        last.openTraining(
            Training.job(Training.ratings(100, false), Mf.biased(3), new Sgd(0.1), 32))) {
      assertEquals(100, session.run(0, 0, 4).ratings());
      assertTrue(session.weights(Slot.CURRENT).isFinite());
    }
  }

  @Test
  void theDriversVersionIsReadFromTheKernelModules() {
    assertEquals(
        "550.54.15",
        Findings.versionIn(
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56"
                    + " UTC 2024\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n")
            .orElseThrow());
    assertEquals(
        "470.256",
        Findings.versionIn("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  470.256 ")
            .orElseThrow());
    assertTrue(Findings.versionIn("something else").isEmpty());
  }

  @Test
  void byNameInBackends() {
    TestBackend.get();
    assertTrue(
        Backends.select("cuda:0").explanation().startsWith("cuda:0: asked for by name, GPU"));
    assertThrows(BackendUnavailableException.class, () -> Backends.select("cuda:1"));
  }

  @Test
  void findingsNameAllThatIsUsedAndWhy() {
    Gpus gpus = three();
    List<Finding> findings = gpus.backend(gpus.find("1")).findings();
    assertEquals(
        List.of("driver", "binding", "GPU 0", "GPU 1", "GPU 2", "kernels", "cuBLAS"),
        findings.stream()
            .map(Finding::subject)
            .filter(subject -> !subject.equals("CUDA_VISIBLE_DEVICES"))
            .toList());
    String text = findings.stream().map(Finding::text).collect(Collectors.joining("\n"));
    assertTrue(text.contains("for CUDA 12.6"), text);
    assertTrue(text.contains("JCuda 12.6.0"), text);
    assertTrue(text.contains("compute capability 9.0, 132 multiprocessors"), text);
    assertTrue(text.contains(" of 2.0 GiB free, GPU-"), text);
    assertTrue(text.contains("ask for it as cuda:2"), text);
    assertTrue(text.contains("PTX 7.0 for sm_70 and newer, by nvcc release 13.0"), text);
    for (Finding finding : findings) {
      assertTrue(finding.on() || !finding.text().isEmpty(), finding::toString);
    }
    assertTrue(Objects.requireNonNull(Backends.select("cuda").backend()).findings().size() >= 5);
  }
}
