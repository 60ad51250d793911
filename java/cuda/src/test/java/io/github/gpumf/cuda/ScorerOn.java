package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.fail;

import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasLibraries;
import io.github.gpumf.cuda.driver.CublasProbe;
import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CublasProbe.Missing;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.model.MfModel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The ways to score: bindings of the driver, and of cuBLAS, or none of it. */
enum ScorerOn {
  JCUDA_AND_OWN_KERNEL,
  JCUDA_AND_JCUBLAS,
  JCUDA_AND_FOREIGN_CUBLAS,
  FOREIGN_AND_FOREIGN_CUBLAS;

  /** A scorer, to be closed; its context and kernels stay for the tests that follow. */
  CudaScorer open(MfModel model) {
    return open(
        model,
        failure -> {
          throw new AssertionError(failure);
        });
  }

  /**
   * The same.
   *
   * @param failures is told which calls of cuBLAS fail
   */
  CudaScorer open(MfModel model, Consumer<CublasException> failures) {
    boolean jcuda = name().startsWith("JCUDA");
    CudaContext context = jcuda ? Contexts.JCUDA : Contexts.FOREIGN;
    Kernels kernels = jcuda ? Contexts.KERNELS_OF_JCUDA : Contexts.KERNELS_OF_FOREIGN;
    return CudaScorer.open(model, context, kernels, library(), failures);
  }

  private @Nullable Cublas library() {
    return switch (this) {
      case JCUDA_AND_OWN_KERNEL -> null;
      case JCUDA_AND_JCUBLAS -> of(CublasLibraries.jcublas());
      case JCUDA_AND_FOREIGN_CUBLAS, FOREIGN_AND_FOREIGN_CUBLAS -> of(CublasLibraries.foreign());
    };
  }

  /** On the stand-in driver there is always one; a machine with a real one may have none. */
  static Cublas of(CublasProbe probe) {
    return switch (probe) {
      case Found found -> found.library();
      case Missing missing -> {
        String reason = missing.reason() + "; " + missing.remedy();
        TestDriver.standIn(); // leaves the test out on a real driver
        yield fail(reason);
      }
    };
  }

  private static final class Contexts {
    static final CudaContext JCUDA = CudaContext.open(TestDriver.of(CudaDrivers.jcuda()), 0);
    static final Kernels KERNELS_OF_JCUDA = new Kernels(JCUDA);
    static final CudaContext FOREIGN = CudaContext.open(TestDriver.of(CudaDrivers.foreign()), 0);
    static final Kernels KERNELS_OF_FOREIGN = new Kernels(FOREIGN);
  }
}
