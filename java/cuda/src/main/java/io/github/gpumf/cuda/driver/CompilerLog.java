package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.Collectors;

/** What the driver's compiler says about PTX that it does not take: options of a module's load. */
final class CompilerLog {
  // CUjit_option
  private static final int ERROR_LOG_BUFFER = 5;
  private static final int ERROR_LOG_BUFFER_SIZE_BYTES = 6;

  /** Enough for the first errors; the rest follows from them. */
  private static final long BYTES = 4096;

  private final MemorySegment text;

  /** An array of pointers, one of which is a number. */
  private final MemorySegment values;

  CompilerLog(Arena arena) {
    text = arena.allocate(BYTES);
    values = arena.allocate(ADDRESS, 2);
    values.setAtIndex(ADDRESS, 0, text);
    values.setAtIndex(JAVA_LONG, 1, BYTES);
  }

  /** What the values belong to. */
  static int[] options() {
    return new int[] {ERROR_LOG_BUFFER, ERROR_LOG_BUFFER_SIZE_BYTES};
  }

  static MemorySegment options(Arena arena) {
    return arena.allocateFrom(JAVA_INT, options());
  }

  MemorySegment values() {
    return values;
  }

  /** Adds to an error what the compiler said, in one line. */
  CudaException explain(CudaException failure) {
    String said =
        text.getString(0)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("; "));
    return said.isEmpty() ? failure : failure.during(said);
  }
}
