package io.github.gpumf.cuda;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.cuda.driver.CublasLibraries;
import io.github.gpumf.cuda.driver.CublasProbe;
import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.model.MfModel;

/**
 * One GPU. Its primary context and the kernels that were compiled for it stay for the life of the
 * JVM; sessions and scorers have streams and buffers of their own.
 */
final class CudaBackend implements Backend {
  private final CudaContext context;
  private final Kernels kernels;

  CudaBackend(CudaContext context) {
    this.context = context;
    kernels = new Kernels(context);
  }

  @Override
  public String name() {
    return CudaBackendProvider.NAME;
  }

  @Override
  public String device() {
    return context.device().toString();
  }

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    return CudaSession.open(job, context, kernels);
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return CudaScorer.open(
        model, context, kernels, cublas() instanceof Found it ? it.library() : null);
  }

  /**
   * The cuBLAS that scores, or why our own kernel does; looked for when a first model is served.
   */
  static CublasProbe cublas() {
    return CublasLibraries.preferred();
  }
}
