package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;

/**
 * Products of matrices by cuBLAS, in the arithmetic of floats: any order of sums, and no factor
 * shortened on the way to a tensor core.
 *
 * <p>For one thread at a time, and one stream: what it has on the device is used by one product
 * after the other.
 */
public final class CublasHandle extends Owned {
  private final Cublas library;
  private final Handle handle;

  private CublasHandle(CudaContext context, Cublas library, Handle handle) {
    super(context);
    this.library = library;
    this.handle = handle;
  }

  /**
   * Makes one; takes milliseconds, and memory of the device.
   *
   * @param context to work in
   * @param library from {@link CublasLibraries}
   * @return to be closed
   * @throws CublasException if cuBLAS fails
   */
  public static CublasHandle create(CudaContext context, Cublas library) {
    return context.own(
        () -> {
          Handle handle = library.cublasCreate();
          try {
            library.cublasSetMathMode(handle, Cublas.PEDANTIC_MATH);
          } catch (CublasException failure) {
            abandon(library, handle, failure);
            throw failure;
          }
          return new CublasHandle(context, library, handle);
        });
  }

  private static void abandon(Cublas library, Handle handle, CublasException failure) {
    try {
      library.cublasDestroy(handle);
    } catch (CublasException second) {
      failure.addSuppressed(second);
    }
  }

  /**
   * Multiplies each row of one table with each row of another. Rows are of {@code stride} floats,
   * of which all take part.
   *
   * @param rows the table along the columns of the products
   * @param rowCount its rows
   * @param others the table along the rows of the products
   * @param otherCount its rows
   * @param stride floats of a row, in both
   * @param products others x rows, row-major
   * @param stream that this is put into
   * @throws CublasException if cuBLAS fails
   */
  public void multiplyRows(
      DeviceMemory rows,
      int rowCount,
      DeviceMemory others,
      int otherCount,
      int stride,
      DeviceMemory products,
      Stream stream) {
    requireOpen();
    requireFits(rows, (long) rowCount * stride);
    requireFits(others, (long) otherCount * stride);
    requireFits(products, (long) rowCount * otherCount);
    Handle queue = stream.handle();
    CudaDriver driver = context().enter();
    library.cublasSetStream(handle, driver, queue);
    library.cublasSgemm(
        handle,
        new Cublas.Product(
            rowCount,
            otherCount,
            stride,
            rows.address(),
            stride,
            others.address(),
            stride,
            products.address(),
            rowCount));
  }

  private static void requireFits(DeviceMemory memory, long floats) {
    if (memory.size() < floats * Float.BYTES) {
      throw new IllegalArgumentException(
          floats + " floats do not fit into " + memory + "; allocate more, or multiply fewer rows");
    }
  }

  @Override
  void release(CudaDriver driver) {
    library.cublasDestroy(handle);
  }

  @Override
  public String toString() {
    return "a cuBLAS handle";
  }
}
