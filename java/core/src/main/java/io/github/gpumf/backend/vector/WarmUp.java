package io.github.gpumf.backend.vector;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Whether a kernel of an update per rating is compiled. Until then a rating takes a thousand times
 * as long, and it pays to leave the other processors to the compiler: on two of them it is done a
 * third sooner. Then all threads are to work at once.
 *
 * <p>There is one for each kernel in a process. Safe for any number of threads.
 */
final class WarmUp {
  /**
   * For each vector of a row, a rating of code that is compiled takes 3 to 20 ns, and one of code
   * that is not more than 1,000.
   */
  private static final long NANOS_PER_VECTOR = 100;

  /** It ends after so many ratings where nothing is ever compiled. */
  private static final long MOST_RATINGS = 200_000;

  private static final ConcurrentMap<Code, WarmUp> OF_CODE = new ConcurrentHashMap<>();

  /** A kernel's code. */
  private record Code(RatingRule rule, Shaped.Shape shape) {}

  private final long nanosPerRating;
  private long ratings;
  private volatile boolean over;

  WarmUp(int rowBytes) {
    nanosPerRating = NANOS_PER_VECTOR * Math.ceilDiv(rowBytes, Lanes.BYTES);
  }

  /** The one of a kernel. */
  static WarmUp of(RatingRule rule, Shaped.Shape shape) {
    return OF_CODE.computeIfAbsent(new Code(rule, shape), code -> new WarmUp(shape.rowBytes()));
  }

  boolean isOver() {
    return over;
  }

  /** Hears how long some ratings have taken. */
  synchronized void took(long count, long nanos) {
    ratings += count;
    over |= ratings >= MOST_RATINGS || (count > 0 && nanos < count * nanosPerRating);
  }
}
