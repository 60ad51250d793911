package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasHandle;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.model.MfModel;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * The scores of tiles of users by cuBLAS, near enough to find the best items; the kernel {@code
 * select_near} then makes exact answers of them, and {@code top_items.cu} has the proof. What makes
 * them near enough is a {@link ScoreBound}.
 *
 * <p>That cuBLAS sums floats as floats is its pedantic mode's promise. It is looked at too: an
 * answer of which one score was off by more than its bound is not used.
 *
 * <p>Safe for any number of threads.
 */
final class CudaProducts {
  /** Half of it is left for candidates that turn out to be no more than that. */
  static final int MOST_SELECTED = 512;

  private static final int WARPS = Launches.THREADS / 32;

  private final Cublas library;
  private final Kernels kernels;
  private final DeviceWeights weights;
  private final float offset;
  private final ScoreBound bound;

  /** Handles that no query uses. */
  private final ConcurrentLinkedDeque<CublasHandle> idle = new ConcurrentLinkedDeque<>();

  private CudaProducts(
      Cublas library,
      Kernels kernels,
      DeviceWeights weights,
      float offset,
      ScoreBound bound,
      DeviceArena arena) {
    this.library = library;
    this.kernels = kernels;
    this.weights = weights;
    this.offset = offset;
    this.bound = bound;
    arena.own(this::closeIdle);
  }

  /**
   * For a model.
   *
   * @param weights of the model, on the device
   * @param arena that they live in, whose end is the end of this
   * @return null without cuBLAS, and for a model that has no bound
   */
  static @Nullable CudaProducts of(
      MfModel model,
      @Nullable Cublas library,
      Kernels kernels,
      DeviceWeights weights,
      DeviceArena arena) {
    ScoreBound bound = library == null ? null : ScoreBound.of(model);
    return library == null || bound == null
        ? null
        : new CudaProducts(library, kernels, weights, model.offset(), bound, arena);
  }

  /** A handle for the life of a query's scratch, whose stream has come to its end before. */
  CublasHandle borrow(DeviceArena scratch) {
    CublasHandle before = idle.poll();
    CublasHandle handle = before == null ? CublasHandle.create(scratch.context(), library) : before;
    scratch.own(() -> idle.push(handle));
    return handle;
  }

  /**
   * Multiplies the rows of users with those of all items.
   *
   * @param users on the device
   * @param count of users
   * @param products count x items, of which this makes dot products
   * @param scratch whose stream this is put into
   * @return the bound of each user
   */
  DeviceBuffer multiply(
      CublasHandle handle,
      DeviceBuffer users,
      int count,
      DeviceBuffer products,
      DeviceArena scratch) {
    DeviceTable factors = weights.userFactors();
    int stride = factors.stride();
    DeviceBuffer tile = scratch.floats((long) count * stride);
    DeviceBuffer bounds = scratch.floats(count);
    kernels
        .kernel(CudaScorer.FILE, "gather_users")
        .call(
            factors.buffer(),
            factors.vectors(),
            users,
            count,
            bound.slope(),
            bound.base(),
            bound.longest(),
            tile,
            bounds)
        .launch(scratch.stream(), LaunchShape.of(Math.ceilDiv(count, WARPS), Launches.THREADS));
    DeviceTable items = weights.itemFactors();
    handle.multiplyRows(
        items.buffer(),
        Math.toIntExact(items.rows()),
        tile,
        count,
        stride,
        products,
        scratch.stream());
    return bounds;
  }

  /**
   * Selects the best items; none for a user that has no answer here.
   *
   * @param products from {@link #multiply}, of which this makes scores
   * @param bounds from there too
   * @param users on the device
   * @param count of users
   * @param selection to fill, of at most {@link #MOST_SELECTED} items a user
   */
  void select(
      DeviceBuffer products,
      DeviceBuffer bounds,
      DeviceBuffer users,
      int count,
      BestItems.Selection selection,
      DeviceArena scratch) {
    kernels
        .kernel(CudaScorer.FILE, "select_near")
        .call(
            products,
            Math.toIntExact(weights.itemFactors().rows()),
            selection.n(),
            bounds,
            weights.userFactors().buffer(),
            weights.itemFactors().buffer(),
            weights.userFactors().vectors(),
            Arguments.orNull(weights.userBias()),
            Arguments.orNull(weights.itemBias()),
            Arguments.orNull(weights.dense()),
            offset,
            users,
            selection.items(),
            selection.scores(),
            selection.found())
        .launch(scratch.stream(), LaunchShape.of(count, Launches.THREADS));
  }

  private void closeIdle() {
    for (CublasHandle handle = idle.poll(); handle != null; handle = idle.poll()) {
      handle.close();
    }
  }
}
