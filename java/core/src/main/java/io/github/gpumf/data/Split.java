package io.github.gpumf.data;

/**
 * Ratings in two parts, with the id maps of the whole: an index means the same in either part.
 *
 * @param train to learn from
 * @param test held out, to measure on
 */
public record Split(Ratings train, Ratings test) {}
