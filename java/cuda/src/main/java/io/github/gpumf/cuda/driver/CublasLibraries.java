package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CublasProbe.Missing;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;

/**
 * The cuBLAS of this machine, looked for once through each binding, when the first asks. It comes
 * with the CUDA toolkit, not with the driver, and nothing needs it: without it our own kernel
 * multiplies. A look never throws: what is missing is a value.
 *
 * <p>cuBLAS of CUDA n runs on drivers for CUDA n.0 and newer; one that is newer than the driver is
 * passed over.
 *
 * <p>Safe for any number of threads.
 */
public final class CublasLibraries {
  /** {@code off} leaves cuBLAS alone. */
  public static final String PROPERTY = "gpumf.cublas";

  /** The version that JCublas2 knows, whose jar may be missing: it is not asked. */
  private static final int OF_JCUBLAS = 12;

  /** Those whose calls are the ones we make; JCublas2's is tried before. */
  private static final List<Integer> VERSIONS = List.of(13, 12, 11);

  private CublasLibraries() {}

  /** Loads a library; fails with an error if it cannot. */
  @FunctionalInterface
  interface Binding {
    Cublas load() throws IOException;
  }

  private static final class JCublas {
    static final CublasProbe PROBE = probeJCublas();
  }

  private static final class Foreign {
    static final CublasProbe PROBE = probeForeign();
  }

  /**
   * cuBLAS through JCublas2, else through {@code java.lang.foreign}; neither with {@code
   * -Dgpumf.cublas=off}.
   *
   * @return the library, or why there is none
   */
  public static CublasProbe preferred() {
    if (System.getProperty(PROPERTY, "").equals("off")) {
      return new Missing(
          "cuBLAS is switched off (-D" + PROPERTY + "=off)", "leave that property out", null);
    }
    return jcublas() instanceof Found found ? found : foreign();
  }

  /**
   * cuBLAS 12 through JCublas2, for streams of the driver through JCuda.
   *
   * @return the library, or why there is none
   */
  public static CublasProbe jcublas() {
    return JCublas.PROBE;
  }

  /**
   * cuBLAS of the newest version that fits the driver, through {@code java.lang.foreign}.
   *
   * @return the library, or why there is none
   */
  public static CublasProbe foreign() {
    return Foreign.PROBE;
  }

  /** As the dynamic linker finds it. */
  static String fileName(int major) {
    return File.separatorChar == '\\' ? "cublas64_" + major + ".dll" : "libcublas.so." + major;
  }

  @SuppressWarnings("restricted") // What this module is there for.
  static SymbolLookup open(String name) {
    return SymbolLookup.libraryLookup(name, Arena.global());
  }

  private static CublasProbe probeJCublas() {
    return switch (CudaDrivers.jcuda()) {
      case DriverProbe.Missing missing ->
          new Missing(missing.reason(), missing.remedy(), missing.cause());
      case DriverProbe.Found found ->
          probe(
              fileName(OF_JCUBLAS),
              found.driver(),
              () -> {
                // JCuda says in many words that it is not there.
                open(fileName(OF_JCUBLAS));
                return JCublasBinding.load();
              });
    };
  }

  private static CublasProbe probeForeign() {
    return switch (CudaDrivers.preferred()) {
      case DriverProbe.Missing missing ->
          new Missing(missing.reason(), missing.remedy(), missing.cause());
      case DriverProbe.Found found -> {
        List<Missing> tried = new ArrayList<>();
        for (int version : VERSIONS) {
          String name = fileName(version);
          switch (probe(name, found.driver(), () -> ForeignCublas.load(name))) {
            case Found library -> {
              yield library;
            }
            case Missing missing -> tried.add(missing);
          }
        }
        yield best(tried);
      }
    };
  }

  /** One that is there and cannot be used says more than one that is not. */
  private static CublasProbe best(List<Missing> tried) {
    for (Missing each : tried) {
      if (!(each.cause() instanceof IllegalArgumentException)) {
        return each;
      }
    }
    List<String> names = VERSIONS.stream().map(CublasLibraries::fileName).toList();
    return new Missing(
        "no cuBLAS (none of " + String.join(", ", names) + " found)",
        notFoundRemedy(),
        tried.getFirst().cause());
  }

  private static String notFoundRemedy() {
    return "install cuBLAS of the CUDA toolkit (libcublas), or put its folder on LD_LIBRARY_PATH;"
        + " without it our own kernel scores";
  }

  static CublasProbe probe(String name, CudaDriver driver, Binding binding) {
    try {
      Cublas library = binding.load();
      String version = library.version();
      int most = driver.cuDriverGetVersion() / 1000;
      if (library.cublasGetProperty(0) > most) {
        return new Missing(
            name + " is cuBLAS " + version + ", and the NVIDIA driver supports CUDA " + most,
            "update the NVIDIA driver, or install cuBLAS " + most,
            null);
      }
      return new Found(library, version);
    } catch (IllegalArgumentException notFound) {
      return new Missing("no cuBLAS (" + name + " not found)", notFoundRemedy(), notFound);
    } catch (IOException failure) {
      return new Missing(
          "JCuda's library for cuBLAS cannot be loaded (" + failure.getMessage() + ")",
          "name a folder that only this user can write to with -D" + JCudaNatives.FOLDER_PROPERTY,
          failure);
    } catch (LinkageError failure) {
      String message = String.valueOf(failure.getMessage());
      return new Missing(
          name + " does not link (" + message.lines().findFirst().orElse(message) + ")",
          "install another version of cuBLAS; without it our own kernel scores",
          failure);
    } catch (CublasException failure) {
      return new Missing(
          failure.call() + " failed: " + failure.statusName(), failure.remedy(), failure);
    } catch (CudaException failure) {
      return new Missing(
          failure.call() + " failed: " + failure.errorName() + ", " + failure.meaning(),
          failure.remedy(),
          failure);
    }
  }
}
