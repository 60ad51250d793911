package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The control functions of the stand-in driver; see kernels/src/emulator/emulator.h. */
@SuppressWarnings("restricted")
public final class StandIn {
  /** What {@code emulator_count} calls things that are alive. */
  private static final List<String> ALIVE =
      List.of(
          "allocations",
          "allocated_bytes",
          "host_allocations",
          "modules",
          "streams",
          "events",
          "graphs",
          "contexts");

  private final SymbolLookup library;

  private StandIn(SymbolLookup library) {
    this.library = library;
  }

  /** Absent where a real driver is loaded. */
  public static Optional<StandIn> find() {
    SymbolLookup library = DriverLibrary.load();
    return library.find("emulator_seed").map(present -> new StandIn(library));
  }

  private Object call(
      String name, Optional<MemoryLayout> result, List<MemoryLayout> types, Object... arguments) {
    MemoryLayout[] parameters = types.toArray(MemoryLayout[]::new);
    FunctionDescriptor descriptor =
        result
            .map(layout -> FunctionDescriptor.of(layout, parameters))
            .orElseGet(() -> FunctionDescriptor.ofVoid(parameters));
    try {
      Object value =
          Linker.nativeLinker()
              .downcallHandle(library.find(name).orElseThrow(), descriptor)
              .invokeWithArguments(arguments);
      return value == null ? 0 : value;
    } catch (Throwable failure) {
      throw new AssertionError(name, failure);
    }
  }

  private long number(String function, String name) {
    try (Arena arena = Arena.ofConfined()) {
      return (long)
          call(function, Optional.of(JAVA_LONG), List.of(ADDRESS), arena.allocateFrom(name));
    }
  }

  /** Draws other orders of blocks, threads and streams from now on. */
  public void seed(long seed) {
    call("emulator_seed", Optional.empty(), List.of(JAVA_LONG), seed);
  }

  /** Makes the nth use of a call from now on fail, once. */
  public void failCall(String name, int nth, int code) {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "emulator_fail_call",
          Optional.empty(),
          List.of(ADDRESS, JAVA_INT, JAVA_INT),
          arena.allocateFrom(name),
          nth,
          code);
    }
  }

  /** Sets the size of the device's memory, 2 GiB at the start. */
  public void memory(long bytes) {
    call("emulator_memory", Optional.empty(), List.of(JAVA_LONG), bytes);
  }

  /** Sets how many devices there are, 1 at the start. */
  public void devices(int count) {
    call("emulator_devices", Optional.empty(), List.of(JAVA_INT), count);
  }

  /** Uses of a call since the last reset. */
  public long calls(String name) {
    return number("emulator_calls", name);
  }

  /** Launches of a kernel that have run since the last reset. */
  public long launches(String kernel) {
    return number("emulator_launches", kernel);
  }

  /** Makes products of the stand-in cuBLAS as inexact as those of tensor cores, or exact again. */
  public static void tensorCores(boolean on) {
    MemorySegment control =
        CublasLibraries.open(CublasLibraries.fileName(12))
            .find("cublasEmulatorTensorCores")
            .orElseThrow();
    try {
      Linker.nativeLinker()
          .downcallHandle(control, FunctionDescriptor.ofVoid(JAVA_INT))
          .invokeWithArguments(on ? 1 : 0);
    } catch (Throwable failure) {
      throw new AssertionError("cublasEmulatorTensorCores", failure);
    }
  }

  /** A count by its name in emulator.h. */
  public long count(String name) {
    return number("emulator_count", name);
  }

  /** What is alive, by kind. */
  public Map<String, Long> alive() {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (String kind : ALIVE) {
      counts.put(kind, number("emulator_count", kind));
    }
    return counts;
  }

  /** Makes a library of kernels known. */
  void loadKernels(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      int code =
          (int)
              call(
                  "emulator_load_kernels",
                  Optional.of(JAVA_INT),
                  List.of(ADDRESS),
                  arena.allocateFrom(file.toString()));
      if (code != 0) {
        throw new AssertionError(file + ": " + code + ", " + lastError());
      }
    }
  }

  public String lastError() {
    MemorySegment text =
        (MemorySegment) call("emulator_last_error", Optional.of(ADDRESS), List.of());
    return text.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /** Counts from 0 again and forgets planned failures. */
  public void resetCounts() {
    call("emulator_reset_counts", Optional.empty(), List.of());
  }

  /** Ends the context with all that lives in it, however broken it is. */
  public void reset() {
    call("emulator_reset", Optional.empty(), List.of());
  }
}
