package io.github.gpumf.backend.vector;

/**
 * A part of what happens to a {@link RatingGroup}, done for all of its ratings before the next
 * part.
 *
 * <p>Phases are objects that are called one after the other at one place, so that each is compiled
 * by itself: the compiler has a limit of nodes for what it inlines into one method, and vectors
 * that cross a call because it was reached are boxed. A class and not an interface: which method of
 * an interface is meant is searched with every call, an eighth of an epoch's time.
 */
abstract class GroupPhase {
  abstract void apply(RatingGroup group);
}
