package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * cuBLAS of any version from 11 on through {@code java.lang.foreign}, beside either binding of the
 * driver. A call or two a tile of users: the handles need not be static for the JIT.
 */
final class ForeignCublas implements Cublas {
  private static final int SUCCESS = 0;
  private static final int PLAIN = 0;
  private static final int TRANSPOSED = 1;

  private final String library;
  private final SymbolLookup symbols;
  private final MethodHandle getProperty;
  private final MethodHandle create;
  private final MethodHandle destroy;
  private final MethodHandle setStream;
  private final MethodHandle setMathMode;
  private final MethodHandle sgemm;

  /** A {@code cublasHandle_t}. */
  private record Pointer(long value) implements Handle {}

  /** A call of cuBLAS. */
  @FunctionalInterface
  private interface Downcall {
    int run() throws Throwable;
  }

  private ForeignCublas(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
    getProperty = link("cublasGetProperty", JAVA_INT, ADDRESS);
    create = link("cublasCreate_v2", ADDRESS);
    destroy = link("cublasDestroy_v2", JAVA_LONG);
    setStream = link("cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
    setMathMode = link("cublasSetMathMode", JAVA_LONG, JAVA_INT);
    // Handle; operations; m, n, k; alpha; a, pitch; b, pitch; beta; c, pitch.
    sgemm =
        link(
            "cublasSgemm_v2",
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            ADDRESS,
            JAVA_LONG,
            JAVA_INT);
  }

  /**
   * Loads a library for the rest of the process.
   *
   * @param name of its file, as the dynamic linker finds it
   * @throws IllegalArgumentException if it is not found, or does not load
   * @throws UnsatisfiedLinkError if it lacks a function
   */
  static ForeignCublas load(String name) {
    return new ForeignCublas(name, CublasLibraries.open(name));
  }

  @SuppressWarnings("restricted") // The types are those of cublas_v2.h.
  private MethodHandle link(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(
            symbols
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError(library + " has no function " + name)),
            FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private static void check(String call, Downcall downcall) {
    int status;
    try {
      status = downcall.run();
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("a C function threw", impossible);
    }
    if (status != SUCCESS) {
      throw new CublasException(call, status);
    }
  }

  private static long value(Handle handle) {
    return ((Pointer) handle).value();
  }

  @Override
  public String binding() {
    return "foreign";
  }

  @Override
  public int cublasGetProperty(int type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      check("cublasGetProperty", () -> (int) getProperty.invokeExact(type, value));
      return value.get(JAVA_INT, 0);
    }
  }

  @Override
  public Handle cublasCreate() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      check("cublasCreate", () -> (int) create.invokeExact(handle));
      return new Pointer(handle.get(JAVA_LONG, 0));
    }
  }

  @Override
  public void cublasDestroy(Handle handle) {
    check("cublasDestroy", () -> (int) destroy.invokeExact(value(handle)));
  }

  @Override
  public void cublasSetStream(Handle handle, CudaDriver driver, Handle stream) {
    check(
        "cublasSetStream",
        () -> (int) setStream.invokeExact(value(handle), driver.streamAddress(stream)));
  }

  @Override
  public void cublasSetMathMode(Handle handle, int mode) {
    check("cublasSetMathMode", () -> (int) setMathMode.invokeExact(value(handle), mode));
  }

  @Override
  public void cublasSgemm(Handle handle, Product product) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocateFrom(JAVA_FLOAT, 1f);
      MemorySegment zero = arena.allocateFrom(JAVA_FLOAT, 0f);
      check(
          "cublasSgemm",
          () ->
              (int)
                  sgemm.invokeExact(
                      value(handle),
                      TRANSPOSED,
                      PLAIN,
                      product.m(),
                      product.n(),
                      product.k(),
                      one,
                      product.a(),
                      product.pitchOfA(),
                      product.b(),
                      product.pitchOfB(),
                      zero,
                      product.c(),
                      product.pitchOfC()));
    }
  }
}
