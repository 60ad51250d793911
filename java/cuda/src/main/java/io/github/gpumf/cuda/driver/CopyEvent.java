package io.github.gpumf.cuda.driver;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For Flight Recorder. */
@Name(CopyEvent.NAME)
@Label("Copy")
@Description(
    "A copy was put into a stream; its time is that of the call, which moves the bytes itself only"
        + " where the host's memory is not page-locked")
@Category({"GpuMf", "CUDA"})
@StackTrace(false)
final class CopyEvent extends Event {
  static final String NAME = "io.github.gpumf.cuda.Copy";

  /** Where bytes go. */
  enum Direction {
    TO_DEVICE,
    TO_HOST,
    ON_DEVICE
  }

  @Label("Direction")
  String direction = "";

  @Label("Bytes")
  @DataAmount
  long bytes;

  /** Copies, and records it if anybody listens. */
  static void record(Direction direction, long bytes, Runnable copy) {
    CopyEvent event = new CopyEvent();
    event.begin();
    copy.run();
    event.end();
    if (event.shouldCommit()) {
      event.direction = direction.name();
      event.bytes = bytes;
      event.commit();
    }
  }
}
