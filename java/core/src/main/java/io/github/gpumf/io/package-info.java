/**
 * Files: safetensors containers, model files and checkpoints, written beside, synced and renamed.
 */
@NullMarked
package io.github.gpumf.io;

import org.jspecify.annotations.NullMarked;
