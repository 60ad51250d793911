package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;

/**
 * The calls of cuBLAS that GpuMf uses, under cuBLAS' own names; what each does is in NVIDIA's <a
 * href="https://docs.nvidia.com/cuda/cublas">documentation</a>. The raw seam below {@link
 * CublasHandle}, as {@link CudaDriver} is below the other owners.
 *
 * <p>A handle is for one thread at a time. Every method throws {@link CublasException} if cuBLAS
 * reports an error.
 */
public interface Cublas {
  /** Float products in the arithmetic of IEEE: no TF32, nothing emulated. */
  int PEDANTIC_MATH = 2;

  /**
   * A product of matrices, column by column in memory: c = aᵀ b.
   *
   * @param m columns of a, rows of c
   * @param n columns of b and of c
   * @param k rows of a and of b
   * @param a device address
   * @param pitchOfA floats from one column of a to the next
   * @param b device address
   * @param pitchOfB floats from one column of b to the next
   * @param c device address
   * @param pitchOfC floats from one column of c to the next
   */
  record Product(
      int m, int n, int k, long a, int pitchOfA, long b, int pitchOfB, long c, int pitchOfC) {}

  /**
   * Through what cuBLAS is called.
   *
   * @return a short name: {@code jcublas}
   */
  String binding();

  /**
   * A part of the version.
   *
   * @param type 0 for the major, 1 for the minor version, 2 for the patch
   * @return its number
   */
  int cublasGetProperty(int type);

  /**
   * Makes a handle in the context that is current on this thread; takes milliseconds, and memory of
   * the device.
   *
   * @return to be given back with {@link #cublasDestroy}
   */
  Handle cublasCreate();

  /**
   * Destroys a handle; waits for the device.
   *
   * @param handle from {@link #cublasCreate}
   */
  void cublasDestroy(Handle handle);

  /**
   * Chooses the stream of later products.
   *
   * @param handle from {@link #cublasCreate}
   * @param driver that made the stream
   * @param stream of the context that the handle was made in
   */
  void cublasSetStream(Handle handle, CudaDriver driver, Handle stream);

  /**
   * Chooses the arithmetic of later products.
   *
   * @param handle from {@link #cublasCreate}
   * @param mode a {@code cublasMath_t}
   */
  void cublasSetMathMode(Handle handle, int mode);

  /**
   * Puts a product of float matrices into the handle's stream.
   *
   * @param handle from {@link #cublasCreate}
   * @param product what to multiply
   */
  void cublasSgemm(Handle handle, Product product);

  /**
   * The version.
   *
   * @return as text: {@code 12.6.0}
   */
  default String version() {
    return cublasGetProperty(0) + "." + cublasGetProperty(1) + "." + cublasGetProperty(2);
  }
}
