/** Files of models: safetensors containers, model files and checkpoints. */
@NullMarked
package io.github.gpumf.io;

import org.jspecify.annotations.NullMarked;
