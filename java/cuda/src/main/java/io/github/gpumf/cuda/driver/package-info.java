/**
 * The CUDA driver from Java: the calls under their own names, behind one interface with two
 * implementations, and above it owners that close what they made. It knows nothing of matrix
 * factorization and uses nothing else of this project; it alone knows JCuda. The GPU backend is its
 * user.
 *
 * <p>{@link io.github.gpumf.cuda.driver.CudaDrivers} finds the driver, or says why there is none.
 * {@link io.github.gpumf.cuda.driver.CudaContext} opens a device; all else is made from it. {@link
 * io.github.gpumf.cuda.driver.KernelCall} shows what a training's loop looks like. cuBLAS, where a
 * machine has it, is called in the same way: {@link io.github.gpumf.cuda.driver.CublasLibraries}
 * finds it, {@link io.github.gpumf.cuda.driver.CublasHandle} multiplies.
 *
 * <p>JCuda's native libraries are extracted into a private folder of {@code java.io.tmpdir}, or
 * into the one that {@code -Dgpumf.natives} names.
 *
 * <p>A JVM that uses it wants {@code --enable-native-access=ALL-UNNAMED}; without it the JDK prints
 * a warning at the first native call.
 */
@NullMarked
package io.github.gpumf.cuda.driver;

import org.jspecify.annotations.NullMarked;
