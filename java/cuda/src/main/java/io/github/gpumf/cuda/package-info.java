/**
 * The backend on the GPU: GpuMf's CUDA kernels, and what drives them. Behind the same seam as the
 * backends on the CPU; the only package that uses {@link io.github.gpumf.cuda.driver}.
 */
@NullMarked
package io.github.gpumf.cuda;

import org.jspecify.annotations.NullMarked;
