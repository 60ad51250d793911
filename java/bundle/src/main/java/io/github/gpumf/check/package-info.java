/**
 * {@code gpu-check}: runs the tests on the GPU of a machine, measures what it does there, and
 * writes it down. A measure is a class; {@link io.github.gpumf.check.Findings} takes what they
 * find, whatever fails.
 */
@NullMarked
package io.github.gpumf.check;

import org.jspecify.annotations.NullMarked;
