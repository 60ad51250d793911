package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasLibraries;
import io.github.gpumf.cuda.driver.CublasProbe;
import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One GPU. Its primary context and the kernels that were compiled for it stay for the life of the
 * JVM; sessions and scorers have streams and buffers of their own.
 */
final class CudaBackend implements Backend {
  private final Gpus gpus;
  private final CudaContext context;
  private final Kernels kernels;
  private final DeviceFailures failures;

  /** The first one; those that follow say no more. */
  private final AtomicReference<@Nullable CublasException> cublasFailure = new AtomicReference<>();

  CudaBackend(Gpus gpus, CudaContext context) {
    this.gpus = gpus;
    this.context = context;
    kernels = new Kernels(context);
    failures = new DeviceFailures(context.device());
  }

  @Override
  public String name() {
    return CudaBackendProvider.NAME;
  }

  /** How many multiprocessors there are decides how some sums are shared out. */
  @Override
  public String arithmetic() {
    return context.device().name() + ", " + context.device().multiprocessors() + " multiprocessors";
  }

  @Override
  public String device() {
    return context.device()
        + ", driver for CUDA "
        + CudaDrivers.text(context.device().driverVersion());
  }

  @Override
  public Backend on(String device) {
    return failures.guard(() -> gpus.backend(gpus.find(device)));
  }

  @Override
  public List<Finding> findings() {
    return Findings.of(gpus, context, cublasFailure.get());
  }

  @Override
  public MemoryPlan plan(TrainingShape shape) {
    long free = failures.guard(() -> context.memory().free());
    return new MemoryPlan(
        "GPU " + context.device().ordinal() + " (" + context.device().name() + ")",
        DevicePlan.parts(shape, Launches.of(context.device()), free),
        OptionalLong.of(free));
  }

  @Override
  public RatingGrid.Cut cut() {
    return DeviceGrid.CUT;
  }

  /** As asked for: an update of long rows is bound by its bytes here. */
  @Override
  public Precision precision(Precision asked) {
    return asked;
  }

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    if (job.updates() == Updates.PER_RATING && job.cut().visits() != cut().visits()) {
      throw new IllegalArgumentException(
          "a GPU works on groups of ratings in the order "
              + cut().visits()
              + ", not "
              + job.cut().visits()
              + "; give the job what cut() answers, or use another backend");
    }
    try {
      return new GuardedSession(CudaSession.open(job, context, kernels), failures);
    } catch (CudaException failure) {
      if (!failure.isOutOfMemory()) {
        throw failures.of(failure);
      }
      TrainingShape shape =
          TrainingShape.of(
                  job.ratings(), job.spec(), job.optimizer(), job.batchSize(), job.threads())
              .withUpdates(job.updates())
              .withPrecision(job.precision());
      throw DeviceException.outOfMemory(this, shape, failure);
    }
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return failures.guard(
        () ->
            new GuardedScorer(
                CudaScorer.open(
                    model,
                    context,
                    kernels,
                    cublas() instanceof Found it ? it.library() : null,
                    failure -> cublasFailure.compareAndSet(null, failure)),
                failures));
  }

  /**
   * The cuBLAS that scores, or why our own kernel does; looked for when a first model is served.
   */
  static CublasProbe cublas() {
    return CublasLibraries.preferred();
  }
}
