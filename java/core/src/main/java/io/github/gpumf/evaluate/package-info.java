/**
 * How good a model is on held-out ratings: errors of predicted ratings, and the quality of ranked
 * lists.
 */
@NullMarked
package io.github.gpumf.evaluate;

import org.jspecify.annotations.NullMarked;
