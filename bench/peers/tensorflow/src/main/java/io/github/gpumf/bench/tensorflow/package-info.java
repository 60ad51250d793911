/** GpuMf's biased model in TensorFlow Java. */
@NullMarked
package io.github.gpumf.bench.tensorflow;

import org.jspecify.annotations.NullMarked;
