package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The weights after the last epoch that ended well, on the host: a device that is lost takes all
 * with it that lies there.
 *
 * <p>An epoch's launches bring back nothing but its totals; the weights follow when the epoch is
 * over, once, and {@link #keep} waits for them. That is 4 bytes a weight over the bus: 57 MB for
 * 162,000 users and 59,000 items at k = 64, about 1.1 ms at 50 GB/s beside an epoch of 25 M ratings
 * of 20 to 60 ms, and nothing that grows with the ratings. A copy in flight beside the next epoch
 * would hide that millisecond, but the weights of a finished epoch could then be lost. In exchange
 * the device has no copy of its own.
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
  private final DeviceArena arena;
  private final @Nullable Weights[] areas = new Weights[2];

  /** Which area holds them, or -1. */
  private int now = -1;

  /**
   * Allocates nothing yet.
   *
   * @param like weights of the shape
   * @param arena owner of what is page-locked
   */
  LastGoodWeights(Weights like, DeviceArena arena) {
    this.like = like;
    this.arena = arena;
  }

  /** Fetches them. If that fails, those before are still there. */
  void keep(DeviceWeights weights, Stream stream) {
    int next = now == 0 ? 1 : 0;
    Weights area = areas[next];
    if (area == null) {
      area = allocate();
      areas[next] = area;
    }
    weights.copyTo(area, stream);
    stream.synchronize();
    now = next;
  }

  /** A copy; needs no device. */
  Weights copy() {
    Weights area = now < 0 ? null : areas[now];
    if (area == null) {
      throw new IllegalStateException("no weights were kept as LAST_GOOD");
    }
    return area.copy(Arena.ofAuto());
  }

  private Weights allocate() {
    long bytes = 0;
    for (FloatTable table : DeviceWeights.tables(like)) {
      bytes += padded(table);
    }
    if (bytes <= MOST_PINNED) {
      try {
        return within(arena.pinned(bytes).segment());
      } catch (CudaException failure) {
        if (failure.isContextLost()) {
          throw failure;
        }
        // The system does not lock as much; pages that it may move do as well.
      }
    }
    return within(Arena.ofAuto().allocate(bytes, CACHE_LINE));
  }

  /** Tables one behind the other. */
  private Weights within(MemorySegment memory) {
    long[] at = {0};
    LongFunction<MemorySegment> next =
        bytes -> {
          MemorySegment slice = memory.asSlice(at[0], bytes);
          at[0] += Math.ceilDiv(bytes, CACHE_LINE) * CACHE_LINE;
          return slice;
        };
    FloatTable userFactors = view(like.userFactors(), next);
    FloatTable itemFactors = view(like.itemFactors(), next);
    return new Weights(
        userFactors,
        itemFactors,
        like.userBias() == null ? null : view(like.userBias(), next),
        like.itemBias() == null ? null : view(like.itemBias(), next),
        like.dense() == null ? null : view(like.dense(), next));
  }

  private static FloatTable view(FloatTable table, LongFunction<MemorySegment> memory) {
    return FloatTable.view(table.rows(), table.columns(), memory.apply(table.segment().byteSize()));
  }

  private static long padded(FloatTable table) {
    return Math.ceilDiv(table.segment().byteSize(), CACHE_LINE) * CACHE_LINE;
  }
}
