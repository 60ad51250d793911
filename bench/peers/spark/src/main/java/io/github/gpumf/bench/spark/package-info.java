/** Spark's alternating least squares. */
@NullMarked
package io.github.gpumf.bench.spark;

import org.jspecify.annotations.NullMarked;
