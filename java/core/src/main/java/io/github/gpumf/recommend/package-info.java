/**
 * Recommendations from a trained model: the best items for a user, and items like an item, in the
 * ids of the caller.
 */
@NullMarked
package io.github.gpumf.recommend;

import org.jspecify.annotations.NullMarked;
