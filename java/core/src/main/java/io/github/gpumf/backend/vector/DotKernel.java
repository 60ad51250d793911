package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Dot products of one row with four rows that lie one after the other, for rows of a length.
 *
 * <p>It calls its {@link DotLoop} by a handle that is no constant to the compiler, which so does
 * not look through. In the middle of a query it would, until the method is too large for it, and
 * leave the vectors of one of the calls to be objects: which one depends on the queries that came
 * first, and those that came later took twice as long.
 */
final class DotKernel {
  /** Rows that share each load of the other one. */
  static final int FOUR = 4;

  private static final MethodHandle RUN = handle();

  private final MethodHandle run;

  private DotKernel(DotLoop loop) {
    run = RUN.bindTo(loop);
  }

  private static MethodHandle handle() {
    MethodType type =
        MethodType.methodType(
            void.class, long.class, long.class, long.class, long.class, int.class, float[].class);
    try {
      return MethodHandles.lookup().findVirtual(DotLoop.class, "run", type);
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError("DotLoop has no run" + type, impossible);
    }
  }

  /** The kernel of rows of so many bytes. */
  static DotKernel ofRows(int rowBytes) {
    return new DotKernel(Shaped.make(FourDots.class, Shaped.Shape.ofRows(rowBytes)));
  }

  /** As {@link DotLoop#run}. */
  void run(long one, long step, long four, long stepOfFour, int count, float[] dots) {
    try {
      run.invokeExact(one, step, four, stepOfFour, count, dots);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("it throws nothing checked", impossible);
    }
  }
}
