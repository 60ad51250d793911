package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CublasProbe.Missing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which cuBLAS is found, and what is said of one that is not. */
class CublasLibrariesTest {
  private static final String WITHOUT =
      "install cuBLAS of the CUDA toolkit (libcublas), or put its folder on LD_LIBRARY_PATH;"
          + " without it our own kernel scores";

  @TempDir private Path directory;

  @BeforeEach
  void requireStandIn() {
    TestDriver.of(CudaDrivers.jcuda());
    TestDriver.standIn();
  }

  /** The stand-in driver alone. */
  private Path folder() throws IOException {
    Path folder = directory.resolve("libraries");
    if (Files.notExists(folder)) {
      Files.createDirectory(folder);
      Files.copy(standIn("libcuda.so.1"), folder.resolve("libcuda.so.1"));
    }
    return folder;
  }

  private static Path standIn(String library) {
    return Path.of(System.getenv("LD_LIBRARY_PATH")).resolve(library);
  }

  private void copyCublas(String as) throws IOException {
    Files.copy(standIn("libcublas.so.12"), folder().resolve(as));
  }

  private String found(String... options) throws Exception {
    ChildJvm.Result result =
        ChildJvm.startWith(folder(), directory, List.of(options), PrintsCublas.class).await();
    assertEquals("", result.errors());
    assertEquals(0, result.exitCode());
    return result.output().strip();
  }

  @Test
  void nothingIsThere() throws Exception {
    assertEquals(
        "no cuBLAS (none of libcublas.so.13, libcublas.so.12, libcublas.so.11 found); " + WITHOUT,
        found());
  }

  @Test
  void theVersionThatJCudaKnowsGoesThroughJCuda() throws Exception {
    copyCublas("libcublas.so.12");
    copyCublas("libcublas.so.13");
    assertEquals("12.6.0 through jcublas", found());
    assertEquals(
        "cuBLAS is switched off (-Dgpumf.cublas=off); leave that property out",
        found("-Dgpumf.cublas=off"));
  }

  @Test
  void anotherVersionDoesWithoutJCuda() throws Exception {
    copyCublas("libcublas.so.11");
    assertEquals("12.6.0 through foreign", found());
    copyCublas("libcublas.so.13");
    assertEquals("12.6.0 through foreign", found());
  }

  @Test
  void aLibraryThatDoesNotLoadIsPassedOver() throws Exception {
    Files.writeString(folder().resolve("libcublas.so.12"), "not a library");
    copyCublas("libcublas.so.11");
    assertEquals("12.6.0 through foreign", found());
  }

  @Test
  void anotherLibraryUnderItsNameIsSaidToBeSo() throws Exception {
    Files.copy(standIn("libcuda.so.1"), folder().resolve("libcublas.so.13"));
    assertEquals(
        "libcublas.so.13 does not link (libcublas.so.13 has no function cublasGetProperty);"
            + " install another version of cuBLAS; without it our own kernel scores",
        found());
  }

  @Test
  void looksOnce() {
    assertInstanceOf(Found.class, CublasLibraries.jcublas());
    assertSame(CublasLibraries.jcublas(), CublasLibraries.preferred());
    assertSame(CublasLibraries.foreign(), CublasLibraries.foreign());
  }

  /** cuBLAS of a CUDA to come. */
  private static final class NewerCublas implements Cublas {
    @Override
    public String binding() {
      return "none";
    }

    @Override
    public int cublasGetProperty(int type) {
      return type == 0 ? 14 : type;
    }

    @Override
    public CudaDriver.Handle cublasCreate() {
      throw new AssertionError("it is too new for the driver");
    }

    @Override
    public void cublasDestroy(CudaDriver.Handle handle) {
      throw new AssertionError("it is too new for the driver");
    }

    @Override
    public void cublasSetStream(
        CudaDriver.Handle handle, CudaDriver driver, CudaDriver.Handle stream) {
      throw new AssertionError("it is too new for the driver");
    }

    @Override
    public void cublasSetMathMode(CudaDriver.Handle handle, int mode) {
      throw new AssertionError("it is too new for the driver");
    }

    @Override
    public void cublasSgemm(CudaDriver.Handle handle, Product product) {
      throw new AssertionError("it is too new for the driver");
    }
  }

  private static Missing missing(CublasLibraries.Binding binding) {
    return assertInstanceOf(
        Missing.class,
        CublasLibraries.probe("libcublas.so.14", TestDriver.of(CudaDrivers.jcuda()), binding));
  }

  @Test
  void oneThatIsNewerThanTheDriverIsNotUsed() {
    Missing missing = missing(NewerCublas::new);
    assertEquals(
        "libcublas.so.14 is cuBLAS 14.1.2, and the NVIDIA driver supports CUDA 12",
        missing.reason());
    assertEquals("update the NVIDIA driver, or install cuBLAS 12", missing.remedy());
  }

  @Test
  void aCallThatFailsIsNamed() {
    TestDriver.standIn().failCall("cublasGetProperty", 1, 1);
    Missing missing = missing(() -> ForeignCublas.load("libcublas.so.12"));
    assertEquals("cublasGetProperty failed: CUBLAS_STATUS_NOT_INITIALIZED", missing.reason());
    assertTrue(missing.remedy().contains("update the NVIDIA driver"), missing::remedy);
    assertInstanceOf(CublasException.class, missing.cause());
  }

  @Test
  void jcudasOwnLibraryMayBeMissing() {
    Missing missing =
        missing(
            () -> {
              throw new IOException("no room");
            });
    assertEquals("JCuda's library for cuBLAS cannot be loaded (no room)", missing.reason());
    assertTrue(missing.remedy().contains("-Dgpumf.natives"), missing::remedy);
  }

  private static float[] products(CublasProbe probe, CudaDriver driver) {
    Found found = assertInstanceOf(Found.class, probe);
    try (CudaContext context = CudaContext.open(driver, 0);
        Stream stream = context.newStream();
        DeviceBuffer rows = context.allocate(3 * 2 * 4);
        DeviceBuffer others = context.allocate(2 * 2 * 4);
        DeviceBuffer products = context.allocate(2 * 3 * 4);
        CublasHandle handle = CublasHandle.create(context, found.library());
        Arena arena = Arena.ofConfined()) {
      rows.copyFrom(arena.allocateFrom(JAVA_FLOAT, 1, 2, 3, 4, 5, 6), stream);
      others.copyFrom(arena.allocateFrom(JAVA_FLOAT, 1, 0, -1, 10), stream);
      handle.multiplyRows(rows, 3, others, 2, 2, products, stream);
      rows.clear(stream); // in the stream's order: after the product
      MemorySegment result = arena.allocate(2 * 3 * 4, 4);
      products.copyTo(result, stream);
      stream.synchronize();
      return result.toArray(JAVA_FLOAT);
    }
  }

  @Test
  void multipliesRowsInItsStreamThroughEitherBinding() {
    float[] expected = {1, 3, 5, 19, 37, 55};
    CudaDriver jcuda = TestDriver.of(CudaDrivers.jcuda());
    CudaDriver foreign = TestDriver.of(CudaDrivers.foreign());
    assertArrayEquals(expected, products(CublasLibraries.jcublas(), jcuda));
    assertArrayEquals(expected, products(CublasLibraries.foreign(), jcuda));
    assertArrayEquals(expected, products(CublasLibraries.foreign(), foreign));
  }

  @Test
  void aHandleThatCannotBeMadeReadyIsGivenBack() {
    StandIn standIn = TestDriver.standIn();
    Found found = assertInstanceOf(Found.class, CublasLibraries.jcublas());
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.jcuda()), 0)) {
      Map<String, Long> before = standIn.alive();
      standIn.failCall("cublasSetMathMode", 1, 15);
      CublasException failure =
          assertThrows(CublasException.class, () -> CublasHandle.create(context, found.library()));
      assertEquals("CUBLAS_STATUS_NOT_SUPPORTED", failure.statusName());
      assertEquals(before, standIn.alive());
      // Out of memory for the handle's own.
      standIn.failCall("cuMemAlloc", 1, 2);
      failure =
          assertThrows(CublasException.class, () -> CublasHandle.create(context, found.library()));
      assertEquals(
          "cublasCreate failed: CUBLAS_STATUS_ALLOC_FAILED (3); cuBLAS needs memory of the device"
              + " beside ours: stop other processes on the GPU, or do without cuBLAS:"
              + " -Dgpumf.cublas=off",
          failure.getMessage());
      assertEquals(before, standIn.alive());
    }
  }

  @Test
  void aHandleRefusesWhatDoesNotFit() {
    Found found = assertInstanceOf(Found.class, CublasLibraries.jcublas());
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.jcuda()), 0);
        Stream stream = context.newStream();
        DeviceBuffer rows = context.allocate(3 * 4 * 4);
        DeviceBuffer products = context.allocate(3 * 2 * 4);
        CublasHandle handle = CublasHandle.create(context, found.library())) {
      handle.multiplyRows(rows, 3, rows, 2, 4, products, stream);
      for (int[] counts : new int[][] {{4, 1}, {1, 4}, {3, 3}}) {
        IllegalArgumentException refused =
            assertThrows(
                IllegalArgumentException.class,
                () -> handle.multiplyRows(rows, counts[0], rows, counts[1], 4, products, stream));
        assertTrue(refused.toString().contains("multiply fewer rows"), refused::toString);
      }
      stream.synchronize();
    }
  }
}
