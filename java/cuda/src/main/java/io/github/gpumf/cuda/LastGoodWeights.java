package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights after the last epoch that ended well, on the host: a device that is lost takes all
 * with it that lies there.
 *
 * <p>An epoch's launches bring back nothing but its totals; the weights follow when the epoch is
 * over, once, and {@link #keep} waits for them. That is 4 bytes a weight over the bus: 57 MB for
 * 162,000 users and 59,000 items at k = 64, about 1.1 ms at 50 GB/s beside an epoch of 25 M ratings
 * of 7 to 17 ms on an H200, so a sixteenth to a seventh of it, and nothing that grows with the
 * ratings; half of it for factors that are halves, which are widened when somebody asks for them.
 * In exchange the device has no copy of its own.
 *
 * <p>What to do: {@code keep} copies the weights on the device, 0.03 ms, and has a second stream
 * bring that copy to the older area beside the next epoch; {@code copy} and the next {@code keep}
 * wait for it first, and only then is that area the newer one. A device that fails in between
 * leaves the epoch before as the last whole copy, so {@code copy} has to say which epoch it is of,
 * which a training now takes for the one it kept last.
 *
 * <p>There are two areas, written in turn, so that the older weights are whole while the newer ones
 * arrive. They are page-locked, which doubles to quadruples the speed, up to a size at which
 * locking pages would hurt the machine.
 */
final class LastGoodWeights {
  /** Of an area. Weights beyond take seconds an epoch to train, so that a slower copy is little. */
  private static final long MOST_PINNED = 1L << 28;

  private static final long CACHE_LINE = 64;

  private final Weights like;
  private final List<DeviceTable> tables;
  private final DeviceArena arena;
  private final @Nullable MemorySegment[] areas = new MemorySegment[2];

  /** Which area holds them, or -1. */
  private int now = -1;

  /**
   * Allocates nothing yet.
   *
   * @param like weights of the shape
   * @param device weights of the shape, stored as those that will be kept
   * @param arena owner of what is page-locked
   */
  LastGoodWeights(Weights like, DeviceWeights device, DeviceArena arena) {
    this.like = like;
    this.tables = device.tables();
    this.arena = arena;
  }

  /** Fetches them. If that fails, those before are still there. */
  void keep(DeviceWeights weights, Stream stream) {
    int next = now == 0 ? 1 : 0;
    MemorySegment area = areas[next];
    if (area == null) {
      area = allocate();
      areas[next] = area;
    }
    long at = 0;
    for (DeviceTable table : weights.tables()) {
      table.copyTo(area.asSlice(at, table.packedBytes()), stream);
      at += padded(table);
    }
    stream.synchronize();
    now = next;
  }

  /** A copy; needs no device. */
  Weights copy() {
    MemorySegment area = now < 0 ? null : areas[now];
    if (area == null) {
      throw new IllegalStateException("no weights were kept as LAST_GOOD");
    }
    Weights copy = like.copy(Arena.ofAuto());
    List<FloatTable> targets = DeviceWeights.tables(copy);
    long at = 0;
    for (int table = 0; table < targets.size(); table++) {
      DeviceTable kept = tables.get(table);
      kept.unpack(area.asSlice(at, kept.packedBytes()), targets.get(table));
      at += padded(kept);
    }
    return copy;
  }

  /** Tables one behind the other. */
  private MemorySegment allocate() {
    long bytes = tables.stream().mapToLong(LastGoodWeights::padded).sum();
    if (bytes <= MOST_PINNED) {
      try {
        return arena.pinned(bytes).segment();
      } catch (CudaException failure) {
        if (failure.isContextLost()) {
          throw failure;
        }
        // The system does not lock as much; pages that it may move do as well.
      }
    }
    return Arena.ofAuto().allocate(bytes, CACHE_LINE);
  }

  private static long padded(DeviceTable table) {
    return Math.ceilDiv(table.packedBytes(), CACHE_LINE) * CACHE_LINE;
  }
}
