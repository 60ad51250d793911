package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CudaDriver.Handle;

/**
 * Work that was recorded from a stream, with its arguments, to be done as often as wanted. It holds
 * addresses: the buffers and modules that it uses must stay open as long as it is launched, which
 * is not checked.
 */
public final class Graph extends Owned {
  private final Handle executable;

  private Graph(CudaContext context, Handle executable) {
    super(context);
    this.executable = executable;
  }

  static Graph capture(Stream stream, Runnable work) {
    CudaContext context = stream.context();
    return context.own(
        () -> {
          CudaDriver driver = context.enter();
          return new Graph(context, instantiated(driver, stream.captured(work)));
        });
  }

  /** The executable graph is all that is needed afterwards. */
  private static Handle instantiated(CudaDriver driver, Handle graph) {
    Handle executable;
    try {
      executable = driver.cuGraphInstantiateWithFlags(graph, 0);
    } catch (CudaException failure) {
      giveBack(() -> driver.cuGraphDestroy(graph), failure);
      throw failure;
    }
    try {
      driver.cuGraphDestroy(graph);
    } catch (CudaException failure) {
      giveBack(() -> driver.cuGraphExecDestroy(executable), failure);
      throw failure;
    }
    return executable;
  }

  /** After a failure, which stays the one to be thrown. */
  private static void giveBack(Runnable destroying, CudaException failure) {
    try {
      destroying.run();
    } catch (CudaException second) {
      failure.addSuppressed(second);
    }
  }

  /**
   * Does it all.
   *
   * @param stream that the work is put into; need not be the one it was recorded from
   * @throws CudaException if the driver fails
   */
  public void launch(Stream stream) {
    requireOpen();
    LaunchEvent event = new LaunchEvent();
    event.begin();
    context().enter().cuGraphLaunch(executable, stream.handle());
    event.end();
    if (event.shouldCommit()) {
      event.kernel = "a graph";
      event.commit();
    }
  }

  @Override
  void release(CudaDriver driver) {
    driver.cuGraphExecDestroy(executable);
  }

  @Override
  public String toString() {
    return "a graph";
  }
}
