package io.github.gpumf.cuda.driver;

import java.io.IOException;

/** The main class of a JVM that loads JCuda and asks the driver for its version. */
final class LoadsJCuda {
  private LoadsJCuda() {}

  public static void main(String[] arguments) throws IOException {
    CudaDriver driver = JCudaBinding.load();
    driver.cuInit();
    System.out.println("CUDA " + driver.cuDriverGetVersion());
  }
}
