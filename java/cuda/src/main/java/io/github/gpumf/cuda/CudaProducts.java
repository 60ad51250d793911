package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasHandle;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.model.MfModel;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The scores of tiles of users by cuBLAS, near enough to find the best items; the kernel {@code
 * select_near} then makes exact answers of them, and {@code top_items.cu} has the proof. What makes
 * them near enough is a {@link ScoreBound}.
 *
 * <p>That cuBLAS sums floats as floats is its pedantic mode's promise. It is looked at too: an
 * answer of which one score was off by more than its bound is not used.
 *
 * <p>A call of cuBLAS that fails is the last one: there are no products from then on, and what it
 * has on the device is given back. It wants memory beside ours, which a nearly full GPU has not,
 * and lists need none of it.
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

  /** Is told why there are no products any more. */
  private final Consumer<CublasException> failures;

  private volatile boolean failed;

  /** Handles that no query uses. */
  private final ConcurrentLinkedDeque<CublasHandle> idle = new ConcurrentLinkedDeque<>();

  private CudaProducts(
      Cublas library,
      Kernels kernels,
      DeviceWeights weights,
      float offset,
      ScoreBound bound,
      Consumer<CublasException> failures,
      DeviceArena arena) {
    this.library = library;
    this.kernels = kernels;
    this.weights = weights;
    this.offset = offset;
    this.bound = bound;
    this.failures = failures;
    arena.own(this::closeIdle);
  }

  /**
   * For a model.
   *
   * @param weights of the model, on the device
   * @param failures is told which calls of cuBLAS fail
   * @param arena that they live in, whose end is the end of this
   * @return null without cuBLAS, and for a model that has no bound
   */
  static @Nullable CudaProducts of(
      MfModel model,
      @Nullable Cublas library,
      Kernels kernels,
      DeviceWeights weights,
      Consumer<CublasException> failures,
      DeviceArena arena) {
    ScoreBound bound = library == null ? null : ScoreBound.of(model);
    return library == null || bound == null
        ? null
        : new CudaProducts(library, kernels, weights, model.offset(), bound, failures, arena);
  }

  /**
   * A handle for the life of a query's scratch, whose stream has come to its end before; null where
   * cuBLAS has failed.
   */
  @Nullable CublasHandle borrow(DeviceArena scratch) {
    if (failed) {
      return null;
    }
    try {
      CublasHandle before = idle.poll();
      CublasHandle handle =
          before == null ? CublasHandle.create(scratch.context(), library) : before;
      scratch.own(() -> giveBack(handle));
      return handle;
    } catch (CublasException failure) {
      fail(failure);
      return null;
    }
  }

  private void giveBack(CublasHandle handle) {
    idle.push(handle);
    if (failed) {
      closeIdle();
    }
  }

  private void fail(CublasException failure) {
    failed = true;
    failures.accept(failure);
    closeIdle();
  }

  /**
   * Multiplies the rows of users with those of all items.
   *
   * @param users on the device
   * @param count of users
   * @param products count x items, of which this makes dot products
   * @param scratch whose stream this is put into
   * @return the bound of each user; null where cuBLAS has failed
   */
  @Nullable DeviceBuffer multiply(
      CublasHandle handle,
      DeviceBuffer users,
      int count,
      DeviceBuffer products,
      DeviceArena scratch) {
    if (failed) {
      return null;
    }
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
    int itemCount = Math.toIntExact(items.rows());
    try {
      handle.multiplyRows(
          items.buffer(), itemCount, tile, count, stride, products, scratch.stream());
      return bounds;
    } catch (CublasException failure) {
      fail(failure);
      return null;
    }
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

  /** That one cannot be destroyed keeps no other, and nothing of ours, on the device. */
  private void closeIdle() {
    for (CublasHandle handle = idle.poll(); handle != null; handle = idle.poll()) {
      try {
        handle.close();
      } catch (CublasException failure) {
        failures.accept(failure);
      }
    }
  }
}
