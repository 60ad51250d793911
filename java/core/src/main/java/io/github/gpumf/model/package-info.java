/**
 * What is trained and what training makes: the specifications ({@link io.github.gpumf.model.Mf}),
 * the weights, and the immutable {@link io.github.gpumf.model.MfModel}. Knows the data, no device
 * and no file format.
 */
@NullMarked
package io.github.gpumf.model;

import org.jspecify.annotations.NullMarked;
