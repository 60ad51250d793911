package io.github.gpumf.backend.vector;

import org.jspecify.annotations.Nullable;

/**
 * The weights of a training with the optimizer's slots.
 *
 * @param dense null if the model has biases instead
 */
record Tables(Side users, Side items, @Nullable DenseHead dense) {}
