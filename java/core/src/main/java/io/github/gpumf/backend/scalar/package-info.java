/**
 * The oracle: plain loops that read like the formulas, on one thread. Every other backend is tested
 * against it.
 */
@NullMarked
package io.github.gpumf.backend.scalar;

import org.jspecify.annotations.NullMarked;
