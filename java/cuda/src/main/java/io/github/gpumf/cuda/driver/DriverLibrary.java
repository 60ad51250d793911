package io.github.gpumf.cuda.driver;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;

/** The driver's own library, which comes with the NVIDIA driver and not with the CUDA toolkit. */
final class DriverLibrary {
  /** As the dynamic linker finds it. */
  static final String NAME = File.separatorChar == '\\' ? "nvcuda.dll" : "libcuda.so.1";

  private DriverLibrary() {}

  /**
   * Loads it for the rest of the process.
   *
   * @throws IllegalArgumentException if it is not found, or does not load
   */
  @SuppressWarnings("restricted") // What this module is there for.
  static SymbolLookup load() {
    return SymbolLookup.libraryLookup(NAME, Arena.global());
  }
}
