package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.io.IOException;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS 12 through JCublas2, whose library asks for that version and no other. Its streams are
 * those of {@link JCudaBinding}.
 */
final class JCublasBinding implements Cublas {
  private JCublasBinding() {}

  /** A handle as JCublas2 holds it. */
  private record Peer(cublasHandle object) implements Handle {}

  /** JCuda's null pointer, shifted. */
  private static final class DeviceAddress extends CUdeviceptr {
    private static final CUdeviceptr NULL = new CUdeviceptr();

    DeviceAddress(long address) {
      super(NULL, address);
    }
  }

  /**
   * Loads JCublas2's native library.
   *
   * @throws IOException if there is none for this platform, or it cannot be extracted
   * @throws LinkageError if it does not link
   */
  static JCublasBinding load() throws IOException {
    JCudaNatives.load("JCublas2", JCublas2.class);
    return new JCublasBinding();
  }

  private static void check(int status, String call) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new CublasException(call, status);
    }
  }

  private static cublasHandle object(Handle handle) {
    return ((Peer) handle).object();
  }

  @Override
  public String binding() {
    return "jcublas";
  }

  @Override
  public int cublasGetProperty(int type) {
    int[] value = new int[1];
    check(JCublas2.cublasGetProperty(type, value), "cublasGetProperty");
    return value[0];
  }

  @Override
  public Handle cublasCreate() {
    cublasHandle handle = new cublasHandle();
    check(JCublas2.cublasCreate(handle), "cublasCreate");
    return new Peer(handle);
  }

  @Override
  public void cublasDestroy(Handle handle) {
    check(JCublas2.cublasDestroy(object(handle)), "cublasDestroy");
  }

  @Override
  public void cublasSetStream(Handle handle, CudaDriver driver, Handle stream) {
    check(
        JCublas2.cublasSetStream(object(handle), new cudaStream_t(JCudaBinding.stream(stream))),
        "cublasSetStream");
  }

  @Override
  public void cublasSetMathMode(Handle handle, int mode) {
    check(JCublas2.cublasSetMathMode(object(handle), mode), "cublasSetMathMode");
  }

  @Override
  public void cublasSgemm(Handle handle, Product product) {
    check(
        JCublas2.cublasSgemm(
            object(handle),
            cublasOperation.CUBLAS_OP_T,
            cublasOperation.CUBLAS_OP_N,
            product.m(),
            product.n(),
            product.k(),
            Pointer.to(new float[] {1}),
            new DeviceAddress(product.a()),
            product.pitchOfA(),
            new DeviceAddress(product.b()),
            product.pitchOfB(),
            Pointer.to(new float[] {0}),
            new DeviceAddress(product.c()),
            product.pitchOfC()),
        "cublasSgemm");
  }
}
