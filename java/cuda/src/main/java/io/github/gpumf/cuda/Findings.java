package io.github.gpumf.cuda;

import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasProbe;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the backend works with, for {@code gpumf doctor}. */
final class Findings {
  private static final Pattern VERSION = Pattern.compile("\\b\\d{3}\\.\\d{2,3}(\\.\\d{2})?\\b");

  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  private Findings() {}

  /**
   * Looks at all of it.
   *
   * @param used the context of the chosen GPU
   * @param cublasFailure that made a scorer do without cuBLAS; null if none has
   */
  static List<Finding> of(Gpus gpus, CudaContext used, @Nullable CublasException cublasFailure) {
    List<Finding> findings = new ArrayList<>();
    CudaDevice device = used.device();
    findings.add(
        Finding.on(
            "driver",
            "NVIDIA's"
                + kernelModule().map(version -> " " + version).orElse("")
                + ", for CUDA "
                + CudaDrivers.text(device.driverVersion())));
    findings.add(Finding.on("binding", CudaDrivers.describe(gpus.driver())));
    if (CudaDrivers.jcuda() instanceof Missing missing) {
      findings.add(Finding.off("JCuda", missing.reason(), missing.remedy()));
    }
    String visible = System.getenv(VISIBLE);
    if (visible != null) {
      findings.add(Finding.on(VISIBLE, visible + ": other GPUs are hidden, these count from 0"));
    }
    for (CudaDevice each : gpus.all()) {
      findings.add(gpu(each, used));
    }
    Properties manifest = Kernels.manifest();
    findings.add(
        Finding.on(
            "kernels",
            "PTX %s for %s and newer, by nvcc %s; the driver compiles it for sm_%d%d"
                .formatted(
                    manifest.getProperty("version"),
                    manifest.getProperty("target"),
                    manifest.getProperty("compiler"),
                    device.computeMajor(),
                    device.computeMinor())));
    findings.add(cublas(CudaBackend.cublas(), cublasFailure));
    return findings;
  }

  private static Finding cublas(CublasProbe probe, @Nullable CublasException failure) {
    return switch (probe) {
      case CublasProbe.Found found -> cublas(found, failure);
      case CublasProbe.Missing missing ->
          Finding.off(
              "cuBLAS", missing.reason() + "; a kernel of our own scores", missing.remedy());
    };
  }

  private static Finding cublas(CublasProbe.Found found, @Nullable CublasException failure) {
    if (failure == null) {
      return Finding.on("cuBLAS", found.version() + ", multiplies to find the best items");
    }
    return Finding.off(
        "cuBLAS",
        found.version()
            + ", but "
            + failure.problem()
            + "; for the model that was served a kernel of our own scores since",
        failure.remedy());
  }

  /** The version that nvidia-smi prints; the CUDA driver does not tell. */
  private static Optional<String> kernelModule() {
    try {
      return versionIn(Files.readString(Path.of("/proc/driver/nvidia/version")));
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  static Optional<String> versionIn(String text) {
    Matcher version = VERSION.matcher(text);
    return version.find() ? Optional.of(version.group()) : Optional.empty();
  }

  private static Finding gpu(CudaDevice device, CudaContext used) {
    String subject = "GPU " + device.ordinal();
    if (!Gpus.isUsable(device)) {
      return Finding.off(subject, Gpus.tooOld(device), Gpus.NEEDED);
    }
    String memory = MemoryPlan.text(device.memoryBytes());
    boolean chosen = device.ordinal() == used.device().ordinal();
    return Finding.on(
        subject,
        "%s, compute capability %d.%d, %d multiprocessors, %s, %s%s"
            .formatted(
                device.name(),
                device.computeMajor(),
                device.computeMinor(),
                device.multiprocessors(),
                chosen ? free(used) + " of " + memory + " free" : memory,
                device.id(),
                chosen ? "" : "; ask for it as cuda:" + device.ordinal()));
  }

  private static String free(CudaContext context) {
    try {
      return MemoryPlan.text(context.memory().free());
    } catch (CudaException failure) {
      return "unknown (" + failure.problem() + ")";
    }
  }
}
