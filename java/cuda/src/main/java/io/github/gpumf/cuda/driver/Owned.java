package io.github.gpumf.cuda.driver;

import java.util.concurrent.atomic.AtomicBoolean;

/** Something of a context's that is given back to the driver once. */
abstract class Owned implements AutoCloseable {
  private final CudaContext context;
  private final AtomicBoolean open = new AtomicBoolean(true);

  /** Made inside {@link CudaContext#own}. */
  Owned(CudaContext context) {
    this.context = context;
  }

  /**
   * Where this lives.
   *
   * @return the context that made it
   */
  public final CudaContext context() {
    return context;
  }

  /** Fails if this is closed. */
  final void requireOpen() {
    if (!open.get()) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  /** Gives it back; the context is current. */
  abstract void release(CudaDriver driver);

  /**
   * Gives it back to the driver. Work that uses it must be done.
   *
   * @throws IllegalStateException if it is closed already
   * @throws CudaException if the driver fails; it is closed nevertheless
   */
  @Override
  public final void close() {
    if (!open.compareAndSet(true, false)) {
      throw new IllegalStateException(this + " is closed already");
    }
    try {
      release(context.enter());
    } finally {
      context.disown();
    }
  }

  /** What it is, for messages. */
  @Override
  public abstract String toString();
}
