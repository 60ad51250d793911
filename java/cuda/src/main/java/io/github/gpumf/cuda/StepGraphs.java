package io.github.gpumf.cuda;

import io.github.gpumf.cuda.driver.CudaException;
import io.github.gpumf.cuda.driver.Graph;
import io.github.gpumf.cuda.driver.Stream;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The launches of some batches, recorded into graphs and replayed. A step is some ten kernels of a
 * few microseconds each. Launched one after the other from Java, a kernel costs 5.4 us on an H200;
 * a node of a graph that is replayed costs 0.75 us, or 0.92 us where the graph has ten.
 *
 * <p>Kernels find their batch in a place on the device ({@link BatchQueue}), so one graph fits any
 * batches, in any window and epoch. There is one each for 32, 16, 8, 4, 2 and 1 batches, whose sum
 * is any number of them: wherever an epoch, a window or a cancelled run begins and ends, all of its
 * batches are replayed. Together they have 63 batches, at most 700 nodes, however long a training
 * is.
 *
 * <p>Each is recorded when it is first wanted: 3.8 us a node, and the calls that record it, which
 * its second use has paid for. The first batches of a training are launched one by one, for a
 * driver may load a kernel when it is first launched, which is nothing to do in a recording.
 *
 * <p>The bits are those of the launches one by one; {@code -Dgpumf.graphs=off} makes them all so.
 * Where the device has no memory left for a graph they are launched so too.
 *
 * <p>For one thread at a time.
 */
final class StepGraphs {
  /** Batches of the largest graph: for fewer a graph's own 2 us count, for more nothing does. */
  static final int MOST_BATCHES = 32;

  /** {@code -Dgpumf.graphs=off} launches every kernel by itself, to compare. */
  static final String PROPERTY = "gpumf.graphs";

  /** Launches the steps of batches from place 0 on. */
  private final IntConsumer launches;

  private final Stream stream;
  private final DeviceArena arena;

  /** By the binary logarithm of their batches. */
  private final @Nullable Graph[] graphs =
      new Graph[Integer.numberOfTrailingZeros(MOST_BATCHES) + 1];

  private boolean on = !System.getProperty(PROPERTY, "on").equals("off");

  /** Whether every kernel has been launched once. */
  private boolean loaded;

  /**
   * Records nothing yet.
   *
   * @param launches puts the steps of so many batches, from place 0 on, into the arena's stream;
   *     the same launches with the same arguments each time
   * @param arena that the graphs are closed with
   */
  StepGraphs(IntConsumer launches, DeviceArena arena) {
    this.launches = launches;
    this.arena = arena;
    stream = arena.stream();
  }

  /** How many of some batches are best launched next. */
  int next(int batches) {
    int most = Math.min(batches, MOST_BATCHES);
    return on ? Integer.highestOneBit(most) : most;
  }

  /**
   * Launches the steps of batches from place 0 on.
   *
   * @param batches from {@link #next}
   */
  void launch(int batches) {
    Graph graph = on && loaded ? graph(batches) : null;
    if (graph == null) {
      launches.accept(batches);
      loaded = true;
    } else {
      graph.launch(stream);
    }
  }

  /** Null if there is no memory for it. */
  private @Nullable Graph graph(int batches) {
    int which = Integer.numberOfTrailingZeros(batches);
    Graph graph = graphs[which];
    if (graph != null) {
      return graph;
    }
    try {
      graph = stream.capture(() -> launches.accept(batches));
    } catch (CudaException failure) {
      if (!failure.isOutOfMemory()) {
        throw failure;
      }
      on = false;
      return null;
    }
    arena.own(graph::close);
    graphs[which] = graph;
    return graph;
  }
}
