/**
 * The facade: train a matrix-factorization model, load or save one, recommend with it.
 *
 * <p>{@link io.github.gpumf.GpuMf} is the class a newcomer meets first. Nothing else in the library
 * imports this package.
 */
@NullMarked
package io.github.gpumf;

import org.jspecify.annotations.NullMarked;
