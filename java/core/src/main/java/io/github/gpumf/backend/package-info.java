/**
 * The seam between what to compute and where. A {@link io.github.gpumf.backend.Backend} runs whole
 * epochs and whole batches of top-K queries; nothing finer crosses the seam, because on a GPU every
 * crossing is a copy.
 *
 * <p>Implementations are found with {@link java.util.ServiceLoader} and never import each other.
 */
@NullMarked
package io.github.gpumf.backend;

import org.jspecify.annotations.NullMarked;
