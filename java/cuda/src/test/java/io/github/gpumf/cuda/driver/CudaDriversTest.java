package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaDriversTest {
  private static final String NO_DRIVER =
      "no NVIDIA driver (libcuda.so.1 not found); install the NVIDIA driver; in a container start"
          + " it with --gpus all";

  @TempDir private Path directory;

  @Test
  void saysThatThereIsNoDriver() throws Exception {
    ChildJvm.Result result =
        ChildJvm.start(directory, false, List.of(), PrintsProbes.class).await();
    assumeFalse(result.output().contains("found, through"), "this machine has a real driver");
    assertEquals(
        "jcuda: %1$s\nforeign: %1$s\npreferred: %1$s\nagain: %1$s\n".formatted(NO_DRIVER),
        result.output());
    assertEquals("", result.errors());
    assertEquals(0, result.exitCode());
  }

  @Test
  void looksOnce() {
    TestDriver.of(CudaDrivers.preferred());
    assertSame(CudaDrivers.jcuda(), CudaDrivers.preferred());
    assertSame(CudaDrivers.jcuda(), CudaDrivers.jcuda());
    assertSame(CudaDrivers.foreign(), CudaDrivers.foreign());
  }

  @Test
  void bothBindingsSeeTheSameDevices() {
    assertEquals(
        CudaDevice.all(TestDriver.of(CudaDrivers.jcuda())),
        CudaDevice.all(TestDriver.of(CudaDrivers.foreign())));
  }

  @Test
  void saysWhyADriverCannotBeUsed() {
    TestDriver.of(CudaDrivers.foreign());
    TestDriver.standIn().failCall("cuInit", 1, 100);
    Missing noDevice = assertInstanceOf(Missing.class, CudaDrivers.probe(ForeignBinding::load));
    assertEquals(
        "cuInit failed: CUDA_ERROR_NO_DEVICE, no CUDA-capable device is detected",
        noDevice.reason());
    assertEquals(Remedies.of(100), noDevice.remedy());
    assertInstanceOf(CudaException.class, noDevice.cause());
  }

  @Test
  void saysWhatDoesNotLink() {
    TestDriver.of(CudaDrivers.foreign());
    LinkageError failure = new UnsatisfiedLinkError("libcuda.so.1 has no function cuFoo\nat ...");
    Missing missing =
        assertInstanceOf(
            Missing.class,
            CudaDrivers.probe(
                () -> {
                  throw failure;
                }));
    assertEquals(
        "the NVIDIA driver does not link (libcuda.so.1 has no function cuFoo)", missing.reason());
    assertEquals("update the NVIDIA driver", missing.remedy());
    assertSame(failure, missing.cause());
  }
}
