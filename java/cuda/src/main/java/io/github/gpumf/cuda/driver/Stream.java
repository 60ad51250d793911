package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;

/**
 * A queue of work on the device: what is put into it is done one after the other, later, and not in
 * any order with what is in other streams unless events say so.
 */
public final class Stream extends Owned {
  /** Does not wait for the default stream, which nothing here uses. */
  private static final int NON_BLOCKING = 1;

  /** Other threads may allocate meanwhile. */
  private static final int CAPTURE_MODE_THREAD_LOCAL = 1;

  private final Handle handle;

  /** For one thread at a time: that which records. */
  private boolean recording;

  private Stream(CudaContext context, Handle handle) {
    super(context);
    this.handle = handle;
  }

  static Stream create(CudaContext context) {
    return context.own(() -> new Stream(context, context.enter().cuStreamCreate(NON_BLOCKING)));
  }

  Handle handle() {
    requireOpen();
    return handle;
  }

  /**
   * Waits until all that is in it is done.
   *
   * @throws CudaException if the driver fails, or the work did
   */
  public void synchronize() {
    Handle waited = handle();
    WaitEvent event = new WaitEvent();
    event.begin();
    context().enter().cuStreamSynchronize(waited);
    event.commit();
  }

  /**
   * Whether all that is in it is done.
   *
   * @return without waiting
   * @throws CudaException if the driver fails, or the work did
   */
  public boolean isDone() {
    Handle asked = handle();
    return context().enter().cuStreamQuery(asked);
  }

  /**
   * Makes what is put into it from now on wait for an event.
   *
   * @param event as recorded last
   * @throws CudaException if the driver fails
   */
  public void waitFor(Event event) {
    Handle waiting = handle();
    context().enter().cuStreamWaitEvent(waiting, event.handle());
  }

  /**
   * Records work instead of doing it. A graph of many launches costs hardly more to launch than one
   * of them.
   *
   * @param work puts copies, fills and launches into this stream, on this thread; it allocates
   *     nothing and waits for nothing. Arguments are taken as they are now.
   * @return to be closed
   * @throws CudaException if the driver fails, or the work cannot be recorded
   */
  public Graph capture(Runnable work) {
    return Graph.capture(this, work);
  }

  /** What was recorded; this context is current afterwards. */
  Handle captured(Runnable work) {
    Handle stream = handle();
    context().enter().cuStreamBeginCapture(stream, CAPTURE_MODE_THREAD_LOCAL);
    recording = true;
    try {
      work.run();
      return context().enter().cuStreamEndCapture(stream);
    } catch (RuntimeException | Error failure) {
      abandonCapture(stream, failure);
      throw failure;
    } finally {
      recording = false;
    }
  }

  /** Whether work is recorded instead of done. */
  boolean recording() {
    return recording;
  }

  /** Makes the stream usable again. */
  private void abandonCapture(Handle stream, Throwable failure) {
    try {
      CudaDriver driver = context().enter();
      driver.cuGraphDestroy(driver.cuStreamEndCapture(stream));
    } catch (CudaException second) {
      failure.addSuppressed(second);
    }
  }

  @Override
  void release(CudaDriver driver) {
    driver.cuStreamDestroy(handle);
  }

  @Override
  public String toString() {
    return "a stream";
  }
}
