package io.github.gpumf.recommend;

/**
 * An item and how well it fits.
 *
 * @param itemId the item's id
 * @param score of a recommendation the predicted rating, clipped if the model clips; of a similar
 *     item the cosine, in -1..1. Finite
 */
public record Recommendation(String itemId, double score) {}
