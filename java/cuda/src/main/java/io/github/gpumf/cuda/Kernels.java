package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.Kernel;
import io.github.gpumf.cuda.driver.KernelModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * GpuMf's kernels in a context. A file of them is compiled for the device when the first of its
 * kernels is asked for, so a training does not wait for those it does not use.
 *
 * <p>Safe for any number of threads; closed when no kernel of it runs any more.
 */
public final class Kernels implements AutoCloseable {
  private static final String FOLDER = "/io/github/gpumf/kernels/";

  private final CudaContext context;
  private final Map<String, KernelModule> modules = new HashMap<>();

  /**
   * None are compiled yet.
   *
   * @param context that they are for
   */
  public Kernels(CudaContext context) {
    this.context = context;
  }

  /**
   * A kernel.
   *
   * @param file the name of its source, without {@code .cu}
   * @param name of the kernel
   * @return the kernel; ends with this
   */
  public synchronized Kernel kernel(String file, String name) {
    return modules.computeIfAbsent(file, each -> context.load(ptx(each))).kernel(name);
  }

  /** The text of a file's PTX. */
  static String ptx(String file) {
    String path = FOLDER + file + ".ptx";
    try (InputStream content = Kernels.class.getResourceAsStream(path)) {
      if (content == null) {
        throw new IllegalStateException(
            path + " is not on the class path; add the jar gpumf-kernels");
      }
      return new String(content.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** How the PTX was made. */
  static Properties manifest() {
    Properties manifest = new Properties();
    try (InputStream content = Kernels.class.getResourceAsStream(FOLDER + "manifest.properties")) {
      if (content != null) {
        manifest.load(content);
      }
      return manifest;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /**
   * Ends them all, whatever fails.
   *
   * @throws CudaException if the driver fails; they are closed nevertheless
   */
  @Override
  public synchronized void close() {
    RuntimeException first = null;
    for (KernelModule module : modules.values()) {
      try {
        module.close();
      } catch (RuntimeException failure) {
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    modules.clear();
    if (first != null) {
      throw first;
    }
  }
}
