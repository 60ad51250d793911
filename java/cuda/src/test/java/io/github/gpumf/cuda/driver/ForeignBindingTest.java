package io.github.gpumf.cuda.driver;

class ForeignBindingTest extends CudaDriverContract {
  @Override
  DriverProbe probe() {
    return CudaDrivers.foreign();
  }
}
