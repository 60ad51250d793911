package io.github.gpumf.cuda.driver;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For Flight Recorder. */
@Name(WaitEvent.NAME)
@Label("Wait for Device")
@Description("The host waited until all work of a stream was done")
@Category({"GpuMf", "CUDA"})
@StackTrace(false)
final class WaitEvent extends Event {
  static final String NAME = "io.github.gpumf.cuda.Wait";
}
