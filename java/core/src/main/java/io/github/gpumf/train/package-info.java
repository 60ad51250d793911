/**
 * The only epoch loop of the library: {@link io.github.gpumf.train.Trainer} drives a session of
 * whichever backend, with listeners, early stopping, cancellation and checkpoints.
 */
@NullMarked
package io.github.gpumf.train;

import org.jspecify.annotations.NullMarked;
