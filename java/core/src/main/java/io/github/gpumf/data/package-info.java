/**
 * Ratings and where they come from: the columnar {@link io.github.gpumf.data.Ratings}, readers for
 * files and databases, how files are written ({@link io.github.gpumf.data.AtomicFiles}), splits
 * into training and held-out parts, a synthetic generator, and the counter-based random numbers
 * that every part of the library draws from.
 *
 * <p>Imports nothing else of the library.
 */
@NullMarked
package io.github.gpumf.data;

import org.jspecify.annotations.NullMarked;
