package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasHandle;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * The scores of tiles of users by cuBLAS, near enough to find the best items; the kernel {@code
 * select_near} then makes exact answers of them, and {@code top_items.cu} has the proof. It needs a
 * bound E on |s - t|, where s is a score as {@code score_items} computes it, and t the same one
 * from cuBLAS' product:
 *
 * <pre>
 *   s = w x + c,  t = w y + c    x, y: the two sums;  w: the head's kernel, or 1;  c: the rest, the same bits in both
 *   |x - y|  <= 2 (1.01 k u) B             u = 2^-24, B = |p_u| max |q_i|, k u <= 0.01
 *   |s - t|  <= |w| |x - y| + u (|s| + |t|)  the last operation of each, which rounds once
 *            <= (2.02 k + 2.1) u |w| B + 2.1 u C                    |c| <= C
 *   E         = (3 k + 8) u |w| B + 4 u C + (8 k + 8) 2^-126 max(1, |w|)
 * </pre>
 *
 * <p>What E has more pays for its own rounding and for that of the comparison with it; its last
 * part is for sums that underflow, flushed to zero or not. Where B or C is so large that a sum
 * might overflow there is no bound, and {@code score_items} scores the user, as it does for a user
 * whose scores lie too close together.
 *
 * <p>That cuBLAS sums floats as floats is its pedantic mode's promise. It is looked at too: an
 * answer of which one score was off by more than its bound is not used.
 *
 * <p>Safe for any number of threads.
 */
final class CudaProducts {
  /** Half of it is left for candidates that turn out to be no more than that. */
  static final int MOST_SELECTED = 512;

  private static final double ROUNDING = 0x1p-24;
  private static final double LEAST_NORMAL = 0x1p-126;

  /** Well below the greatest float. */
  private static final double MOST = 1e38;

  /** k u = 0.01. */
  private static final int MOST_FACTORS = 160_000;

  private static final int WARPS = Launches.THREADS / 32;

  private final Cublas library;
  private final Kernels kernels;
  private final DeviceWeights weights;
  private final float offset;
  private final Bound bound;

  /** Handles that no query uses. */
  private final ConcurrentLinkedDeque<CublasHandle> idle = new ConcurrentLinkedDeque<>();

  /**
   * E = slope |p_u| + base.
   *
   * @param slope of it
   * @param base of it
   * @param longest |p_u| that it holds for
   */
  record Bound(double slope, double base, double longest) {
    /** Null where there is none for any user. */
    static @Nullable Bound of(MfModel model) {
      Weights weights = model.weights();
      FloatTable dense = weights.dense();
      double kernel = dense == null ? 1 : Math.abs(dense.get(0, 0));
      double constants =
          Math.abs(model.offset())
              + (dense == null
                  ? largest(weights.userBias()) + largest(weights.itemBias())
                  : Math.abs(dense.get(0, 1)));
      double scale = greatestLength(weights.itemFactors()) * Math.max(1, kernel);
      int k = model.spec().factors();
      // Written so that what is no number fails.
      if (!(constants < MOST / 2 && scale < MOST && kernel < MOST) || k > MOST_FACTORS) {
        return null;
      }
      return new Bound(
          (3.0 * k + 8) * ROUNDING * scale,
          4 * ROUNDING * constants + (8.0 * k + 8) * LEAST_NORMAL * Math.max(1, kernel),
          Math.min(MOST, MOST / 2 / scale));
    }
  }

  private CudaProducts(
      Cublas library,
      Kernels kernels,
      DeviceWeights weights,
      float offset,
      Bound bound,
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
    Bound bound = library == null ? null : Bound.of(model);
    return library == null || bound == null
        ? null
        : new CudaProducts(library, kernels, weights, model.offset(), bound, arena);
  }

  private static double greatestLength(FloatTable factors) {
    double longest = 0;
    for (long row = 0; row < factors.rows(); row++) {
      double squares = 0;
      for (int column = 0; column < factors.columns(); column++) {
        double x = factors.get(row, column);
        squares += x * x;
      }
      longest = Math.max(longest, squares); // NaN stays
    }
    return Math.sqrt(longest);
  }

  private static double largest(@Nullable FloatTable column) {
    double largest = 0;
    for (long row = 0; column != null && row < column.rows(); row++) {
      largest = Math.max(largest, Math.abs(column.get(row, 0)));
    }
    return largest;
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
   * The best items, their scores and how many there are; -1 for a user that has no answer here.
   *
   * @param products from {@link #multiply}, of which this makes scores
   * @param bounds from there too
   * @param users on the device
   * @param count of users
   * @param n items of an answer, at most {@link #MOST_SELECTED}
   */
  void select(
      DeviceBuffer products,
      DeviceBuffer bounds,
      DeviceBuffer users,
      int count,
      int n,
      DeviceBuffer items,
      DeviceBuffer best,
      DeviceBuffer found,
      DeviceArena scratch) {
    kernels
        .kernel(CudaScorer.FILE, "select_near")
        .call(
            products,
            Math.toIntExact(weights.itemFactors().rows()),
            n,
            bounds,
            weights.userFactors().buffer(),
            weights.itemFactors().buffer(),
            weights.userFactors().vectors(),
            Arguments.orNull(weights.userBias()),
            Arguments.orNull(weights.itemBias()),
            Arguments.orNull(weights.dense()),
            offset,
            users,
            items,
            best,
            found)
        .launch(scratch.stream(), LaunchShape.of(count, Launches.THREADS));
  }

  private void closeIdle() {
    for (CublasHandle handle = idle.poll(); handle != null; handle = idle.poll()) {
      handle.close();
    }
  }
}
