package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Kernels, compiled for a device. */
public final class KernelModule extends Owned {
  private final Handle handle;

  /** The parameters of each kernel, which the driver does not tell. */
  private final Map<String, List<PtxType>> signatures;

  private KernelModule(CudaContext context, Handle handle, Map<String, List<PtxType>> signatures) {
    super(context);
    this.handle = handle;
    this.signatures = signatures;
  }

  static KernelModule load(CudaContext context, String ptx) {
    byte[] bytes = ptx.getBytes(StandardCharsets.UTF_8);
    Map<String, List<PtxType>> signatures = PtxSignatures.of(ptx);
    return context.own(
        () -> new KernelModule(context, context.enter().cuModuleLoadDataEx(bytes), signatures));
  }

  /**
   * Finds a kernel.
   *
   * @param name of it
   * @return the kernel; ends with this module
   * @throws IllegalArgumentException if the PTX has none of that name
   * @throws CudaException if the driver fails
   */
  public Kernel kernel(String name) {
    requireOpen();
    List<PtxType> signature = signatures.get(name);
    if (signature == null) {
      throw new IllegalArgumentException(
          "there is no kernel " + name + "; there are " + String.join(", ", signatures.keySet()));
    }
    return new Kernel(this, context().enter().cuModuleGetFunction(handle, name), name, signature);
  }

  @Override
  void release(CudaDriver driver) {
    driver.cuModuleUnload(handle);
  }

  @Override
  public String toString() {
    return "a module of " + signatures.size() + " kernels";
  }
}
