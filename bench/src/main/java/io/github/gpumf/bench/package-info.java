/** Benchmarks: what an epoch costs on each backend. */
@NullMarked
package io.github.gpumf.bench;

import org.jspecify.annotations.NullMarked;
