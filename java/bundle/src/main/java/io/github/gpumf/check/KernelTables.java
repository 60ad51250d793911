package io.github.gpumf.check;

import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.BatchLayout;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.DeviceMemory;
import io.github.gpumf.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What kernels are timed on: a model with an optimizer's numbers, and a window of batches with its
 * index, as kernels/src/main/cuda/rows.cuh describes them.
 */
final class KernelTables implements AutoCloseable {
  /** One side of the model. */
  record Side(
      int rows,
      DeviceBuffer factors,
      DeviceBuffer halves,
      DeviceBuffer first,
      DeviceBuffer second,
      DeviceBuffer gradient,
      DeviceBuffer bias,
      DeviceBuffer biasFirst,
      DeviceBuffer biasSecond,
      DeviceBuffer biasGradient,
      DeviceBuffer rowAt,
      DeviceBuffer sortedRows,
      DeviceBuffer sortedPositions,
      DeviceBuffer carried,
      double distinctInBatch) {}

  private static final long SEED = 2;

  /** Two halves of 2^-5, for tables of them: of the size that factors have. */
  private static final int TWO_HALVES = 0x28002800;

  private final CudaContext context;
  private final Stream stream;
  private final Shape shape;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  final int k;
  final int vectors;
  final int group;
  final int positions;
  final int batchSize;
  final Side users;
  final Side items;
  final DeviceBuffer values;
  final DeviceBuffer slopes;
  final DeviceBuffer partials;
  final DeviceBuffer totals;
  final DeviceBuffer stop;
  final DeviceBuffer notFinite;
  private final DeviceBuffer batches;

  KernelTables(
      CudaContext context,
      Kernels kernels,
      Stream stream,
      Shape shape,
      int k,
      int positions,
      int batchSize) {
    this.context = context;
    this.stream = stream;
    this.shape = shape;
    this.k = k;
    this.batchSize = batchSize;
    // Whole batches, so that every launch does the same.
    this.positions = positions / batchSize * batchSize;
    vectors = Math.ceilDiv(k, 4);
    group = Launches.group(vectors);
    boolean made = false;
    try {
      DeviceBuffer userAt = zeros(4L * this.positions);
      DeviceBuffer itemAt = zeros(4L * this.positions);
      values = zeros(4L * this.positions);
      new SkewedRatings(context, kernels)
          .fill(shape, 0, this.positions, userAt, itemAt, values, stream);
      users = side(shape.users(), kernels, userAt);
      items = side(shape.items(), kernels, itemAt);
      slopes = zeros(4L * this.positions);
      long squares = Launches.each((long) shape.users() * vectors).gridX();
      partials = zeros(8 * Math.max(3L * Launches.of(context.device()).mostBlocks(), squares));
      totals = zeros(4L * Double.BYTES);
      stop = zeros(4);
      notFinite = zeros(4);
      slopes.fill(1e-6f, stream);
      batches = batches();
      stream.synchronize();
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  /** Bytes that the largest of it takes. */
  static long bytes(Shape shape, int k) {
    return ((long) shape.users() + shape.items()) * Math.ceilDiv(k, 4) * (16 * 4 + 8);
  }

  private Side side(int rows, Kernels kernels, DeviceBuffer rowAt) {
    long bytes = (long) rows * vectors * 16;
    long column = Math.ceilDiv(rows, 4) * 16L;
    DeviceBuffer factors = zeros(bytes);
    kernels
        .kernel("initial", "initial_factors")
        .call(factors, (long) rows, k, vectors * 4, -0.05f, 0.1f, SEED, (long) rows)
        .launch(stream, Launches.of(context.device()).items(Math.ceilDiv((long) rows * k, 4L)));
    DeviceBuffer halves = zeros(Math.ceilDiv(bytes / 2, 16L) * 16);
    halves.fill(TWO_HALVES, stream);
    int[] sortedRows = new int[positions];
    int[] sortedPositions = new int[positions];
    long distinct = sort(download(rowAt, positions), sortedRows, sortedPositions);
    return new Side(
        rows,
        factors,
        halves,
        zeros(bytes),
        zeros(bytes),
        zeros(bytes),
        zeros(column),
        zeros(column),
        zeros(column),
        zeros(column),
        rowAt,
        upload(sortedRows),
        upload(sortedPositions),
        zeros(bytesOfCarried()),
        (double) distinct * batchSize / positions);
  }

  /** Batch by batch, by row and then by position; returns how many rows the batches have in all. */
  private long sort(int[] rowAt, int[] sortedRows, int[] sortedPositions) {
    long distinct = 0;
    long[] keys = new long[batchSize];
    for (int start = 0; start < positions; start += batchSize) {
      for (int at = 0; at < batchSize; at++) {
        keys[at] = (long) rowAt[start + at] << 32 | (start + at);
      }
      Arrays.parallelSort(keys);
      for (int at = 0; at < batchSize; at++) {
        sortedRows[start + at] = (int) (keys[at] >>> 32);
        sortedPositions[start + at] = (int) keys[at];
        distinct += at == 0 || sortedRows[start + at] != sortedRows[start + at - 1] ? 1 : 0;
      }
    }
    return distinct;
  }

  /** A batch a turn; its number, which is its step where rows rest, is the turn's. */
  private DeviceBuffer batches() {
    long bytes = (long) RestingKernels.STEPS * BatchLayout.BYTES;
    DeviceBuffer buffer = zeros(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(bytes, Long.BYTES);
      for (int turn = 0; turn < RestingKernels.STEPS; turn++) {
        BatchLayout.write(host, turn, turn, start(turn), batchSize, KernelBench.RATE);
      }
      buffer.copyFrom(host, stream);
      stream.synchronize();
    }
    return buffer;
  }

  DeviceBuffer zeros(long bytes) {
    DeviceBuffer buffer = context.allocate(bytes);
    buffers.add(buffer);
    buffer.clear(stream);
    return buffer;
  }

  DeviceBuffer upload(int[] numbers) {
    return upload(MemorySegment.ofArray(numbers));
  }

  DeviceBuffer upload(long[] numbers) {
    return upload(MemorySegment.ofArray(numbers));
  }

  private DeviceBuffer upload(MemorySegment numbers) {
    DeviceBuffer buffer = zeros(numbers.byteSize());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(numbers.byteSize(), Long.BYTES).copyFrom(numbers);
      buffer.copyFrom(host, stream);
      stream.synchronize();
    }
    return buffer;
  }

  int[] download(DeviceBuffer numbers, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(ValueLayout.JAVA_INT, count);
      numbers.copyTo(host, stream);
      stream.synchronize();
      return host.toArray(ValueLayout.JAVA_INT);
    }
  }

  /** What is timed on these, in words: the shape's name, and how many of what. */
  String size(int count, String what) {
    return String.format(Locale.ROOT, "%s, %,d %s", shape.name(), count, what);
  }

  /** Of a batch: two rows, two biases, two indices and a value read, a slope written. */
  double bytesOfErrors() {
    return batchSize * (32.0 * vectors + 24);
  }

  /**
   * Of a batch. A rating: the other row, two places of the index, the other's index and a slope. A
   * row: read and written.
   */
  double bytesOfGradient(Side own) {
    return batchSize * (16.0 * vectors + 16) + own.distinctInBatch() * 32 * vectors;
  }

  /** Of a batch: the sums of a side's pieces in chunks that a row may go on in. */
  long bytesOfCarried() {
    return BatchLayout.bytesOfCarried(batchSize, vectors);
  }

  /** Of a batch: an optimizer's, so many numbers a weight. */
  double bytesOfRows(Side side, int streams) {
    return side.distinctInBatch() * streams * 16 * vectors;
  }

  /** Where the turn's batch starts: each launch another one, so that none finds its data in L2. */
  int start(int turn) {
    return (int) ((long) turn * batchSize % positions);
  }

  /** The turn's batch, as kernels find it on the device. */
  DeviceMemory batch(int turn) {
    long at = (long) (turn % RestingKernels.STEPS) * BatchLayout.BYTES;
    return batches.slice(at, BatchLayout.BYTES);
  }

  /** Fails if kernels have made nonsense: such a kernel is not worth its time. */
  void requireFinite(KernelBench bench) {
    for (Side side : List.of(users, items)) {
      long all = (long) side.rows() * vectors;
      bench
          .call("optimizers", "find_not_finite", side.factors(), all, notFinite)
          .launch(stream, bench.launches().items(all));
      long ofHalves = side.halves().size() / 16;
      bench
          .call("halves", "find_halves_not_finite", side.halves(), ofHalves, notFinite)
          .launch(stream, bench.launches().items(ofHalves));
    }
    if (download(stop, 1)[0] != 0 || download(notFinite, 1)[0] != 0) {
      throw new IllegalStateException("the kernels left weights that are not finite");
    }
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }
}
