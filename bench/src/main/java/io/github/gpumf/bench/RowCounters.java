package io.github.gpumf.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Rows and the bytes of them, for so many a second. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class RowCounters {
  /** Rows worked on. */
  public long rows;

  /** Bytes of them read and written. */
  public long bytes;

  /** For JMH. */
  public RowCounters() {}

  /**
   * Counts.
   *
   * @param count rows
   * @param bytesOfRow read and written of each
   */
  public void add(long count, long bytesOfRow) {
    rows += count;
    bytes += count * bytesOfRow;
  }
}
