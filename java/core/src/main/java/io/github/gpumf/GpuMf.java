package io.github.gpumf;

/** Facade. */
public final class GpuMf {
  private GpuMf() {}
}
