package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;

/** A mark in a stream, to wait for. */
public final class Event extends Owned {
  private static final int DISABLE_TIMING = 2;

  private final Handle handle;
  private final boolean timing;

  private Event(CudaContext context, Handle handle, boolean timing) {
    super(context);
    this.handle = handle;
    this.timing = timing;
  }

  static Event create(CudaContext context, boolean timing) {
    return context.own(
        () ->
            new Event(context, context.enter().cuEventCreate(timing ? 0 : DISABLE_TIMING), timing));
  }

  Handle handle() {
    requireOpen();
    return handle;
  }

  /**
   * Puts this into a stream: it happens when all that is in the stream now is done.
   *
   * @param stream to mark
   * @throws CudaException if the driver fails
   */
  public void record(Stream stream) {
    Handle recorded = handle();
    context().enter().cuEventRecord(recorded, stream.handle());
  }

  /**
   * Waits until it has happened; returns at once if it was never recorded.
   *
   * @throws CudaException if the driver fails, or work before the event did
   */
  public void synchronize() {
    Handle recorded = handle();
    context().enter().cuEventSynchronize(recorded);
  }

  /**
   * Whether it has happened.
   *
   * @return true also if it was never recorded
   * @throws CudaException if the driver fails, or work before the event did
   */
  public boolean isDone() {
    Handle recorded = handle();
    return context().enter().cuEventQuery(recorded);
  }

  /**
   * The time between two events that have both happened.
   *
   * @param start made to take the time, as this
   * @return milliseconds
   * @throws CudaException if the driver fails
   */
  public double millisecondsSince(Event start) {
    if (!timing || !start.timing) {
      throw new IllegalStateException(
          "these events do not take the time; make both with newTimingEvent()");
    }
    Handle end = handle();
    return context().enter().cuEventElapsedTime(start.handle(), end);
  }

  @Override
  void release(CudaDriver driver) {
    driver.cuEventDestroy(handle);
  }

  @Override
  public String toString() {
    return "an event";
  }
}
