package io.github.gpumf.cuda.driver;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For Flight Recorder. Off unless asked for: a training may launch some ten kernels a batch. */
@Name(LaunchEvent.NAME)
@Label("Kernel Launch")
@Description(
    "A kernel or graph was put into a stream; its time is that of the call. A graph is one launch,"
        + " whatever it holds")
@Category({"GpuMf", "CUDA"})
@Enabled(false)
@StackTrace(false)
final class LaunchEvent extends Event {
  static final String NAME = "io.github.gpumf.cuda.Launch";

  @Label("Kernel")
  String kernel = "";

  @Label("Blocks")
  long blocks;

  @Label("Threads of a Block")
  int threads;

  @Label("Recorded")
  @Description("The launch went into a graph, and runs when that is launched")
  boolean recorded;
}
