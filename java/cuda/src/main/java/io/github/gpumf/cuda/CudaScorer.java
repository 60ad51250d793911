package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasHandle;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Queries on a model that lies on a GPU ({@code top_items.cu}). Users are scored in tiles, whose
 * scores stay in the device's L2; only the best items come back.
 *
 * <p>Where there is a cuBLAS it multiplies, and finds candidates whose scores are then computed
 * anew ({@link CudaProducts}). So the answers are the same bits with it and without it, and for a
 * user in any company.
 *
 * <p>Each query has a stream and scratch of its own, so queries of many threads run side by side.
 */
final class CudaScorer implements Scorer {
  static final String FILE = "top_items";

  /** Users and items of a block of {@code score_items}. */
  private static final int TILE = 64;

  /** The most that {@code select_items} sorts. */
  private static final int MOST_SELECTED = 1024;

  /** Scores of a tile of users: half of an H200's L2. */
  private static final long SCORES_BYTES = 25L << 20;

  private final MfModel model;
  private final CudaContext context;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceArena arena;
  private final DeviceWeights weights;

  /** Null where {@code score_items} does all. */
  private final @Nullable CudaProducts products;

  /** {1, 0}: what makes a dot product a cosine of directions. */
  private final DeviceBuffer plainHead;

  /** Items' factors at length 1. */
  private final DeviceTable directions;

  /** Queries hold it for reading, closing for writing. */
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

  private boolean closed;

  private CudaScorer(
      MfModel model,
      CudaContext context,
      Kernels kernels,
      @Nullable Cublas library,
      DeviceArena arena) {
    this.model = model;
    this.context = context;
    this.kernels = kernels;
    this.arena = arena;
    launches = Launches.of(context.device());
    Weights host = model.weights();
    weights = DeviceWeights.zeros(host, arena);
    weights.copyFrom(host, arena.stream());
    products = CudaProducts.of(model, library, kernels, weights, arena);
    FloatTable factors = host.itemFactors();
    directions = DeviceTable.ofRows(factors.rows(), factors.columns(), arena);
    plainHead = arena.floats(2);
    try (Arena copies = Arena.ofConfined()) {
      directions.copyFrom(directions(factors, copies), arena.stream());
      plainHead.copyFrom(copies.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 0f), arena.stream());
      arena.stream().synchronize();
    }
  }

  /**
   * Puts a model onto the device.
   *
   * @param library that multiplies; null for our own kernel
   */
  static CudaScorer open(
      MfModel model, CudaContext context, Kernels kernels, @Nullable Cublas library) {
    DeviceArena arena = new DeviceArena(context);
    return DeviceArena.orClose(
        arena, () -> new CudaScorer(model, context, kernels, library, arena));
  }

  /** Rows divided by their lengths; a row without length stays zero. */
  private static FloatTable directions(FloatTable factors, Arena owner) {
    FloatTable directions = FloatTable.allocate(factors.rows(), factors.columns(), owner);
    for (long row = 0; row < factors.rows(); row++) {
      double squares = 0;
      for (int column = 0; column < factors.columns(); column++) {
        double x = factors.get(row, column);
        squares += x * x;
      }
      double length = Math.sqrt(squares);
      for (int column = 0; length > 0 && column < factors.columns(); column++) {
        directions.set(row, column, (float) (factors.get(row, column) / length));
      }
    }
    return directions;
  }

  /** A query, on scratch that is freed after it. */
  @FunctionalInterface
  private interface Query<T> {
    T run(DeviceArena scratch, Arena host);
  }

  private <T> T ask(Query<T> query) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the scorer is closed");
      }
      try (DeviceArena scratch = new DeviceArena(context);
          Arena host = Arena.ofConfined()) {
        return query.run(scratch, host);
      }
    } finally {
      use.readLock().unlock();
    }
  }

  @Override
  public float[] score(int[] users, int[] items) {
    if (users.length != items.length) {
      throw new IllegalArgumentException(
          users.length + " users and " + items.length + " items are not pairs");
    }
    check("user", users, model.users().size());
    check("item", items, model.items().size());
    return ask(
        (scratch, host) -> {
          if (users.length == 0) {
            return new float[0];
          }
          Stream stream = scratch.stream();
          DeviceBuffer predictions = scratch.floats(users.length);
          kernels
              .kernel("predictions", "predict")
              .call(
                  weights.userFactors().buffer(),
                  weights.itemFactors().buffer(),
                  weights.userFactors().vectors(),
                  Arguments.orNull(weights.userBias()),
                  Arguments.orNull(weights.itemBias()),
                  Arguments.orNull(weights.dense()),
                  model.offset(),
                  upload(users, scratch, host),
                  upload(items, scratch, host),
                  (long) users.length,
                  predictions)
              .launch(stream, launches.items(users.length));
          return download(predictions, stream, host).toArray(ValueLayout.JAVA_FLOAT);
        });
  }

  @Override
  public TopItems[] topItems(int[] users, int count, Exclusions exclusions) {
    checkCount(count);
    check("user", users, model.users().size());
    return ask(
        (scratch, host) -> {
          TopItems[] answers = new TopItems[users.length];
          int itemCount = model.items().size();
          // A tile's factors are gathered for cuBLAS: they count too where there are few items.
          long floatsOfUser = Math.max(itemCount, weights.userFactors().stride());
          int tile =
              Math.clamp(SCORES_BYTES / (floatsOfUser * Float.BYTES), 1, Math.max(1, users.length));
          DeviceBuffer scores = scratch.floats((long) tile * itemCount);
          int n = Math.min(count, itemCount);
          CublasHandle handle =
              products == null || n > CudaProducts.MOST_SELECTED ? null : products.borrow(scratch);
          for (int from = 0; from < users.length; from += tile) {
            int[] some = Arrays.copyOfRange(users, from, Math.min(users.length, from + tile));
            TopItems[] best =
                handle == null || products == null
                    ? topOfTile(some, count, exclusions, scores, host)
                    : topByProducts(products, handle, some, n, exclusions, scores, host);
            System.arraycopy(best, 0, answers, from, best.length);
          }
          return answers;
        });
  }

  private TopItems[] topOfTile(
      int[] users, int count, Exclusions exclusions, DeviceBuffer scores, Arena host) {
    try (DeviceArena scratch = new DeviceArena(context)) {
      scoreUsers(users, scores, scratch, host);
      exclude(users, exclusions, scores, scratch, host);
      return select(users.length, count, scores, scratch, host);
    }
  }

  /** Users whom products cannot serve are scored after the others. */
  private TopItems[] topByProducts(
      CudaProducts products,
      CublasHandle handle,
      int[] users,
      int n,
      Exclusions exclusions,
      DeviceBuffer scores,
      Arena host) {
    @Nullable TopItems[] answers;
    try (DeviceArena scratch = new DeviceArena(context)) {
      DeviceBuffer onDevice = upload(users, scratch, host);
      DeviceBuffer bounds = products.multiply(handle, onDevice, users.length, scores, scratch);
      exclude(users, exclusions, scores, scratch, host);
      Selection selection = new Selection(users.length, n, scratch);
      products.select(
          scores,
          bounds,
          onDevice,
          users.length,
          n,
          selection.items,
          selection.scores,
          selection.found,
          scratch);
      answers = selection.download(host);
    }
    int[] left = IntStream.range(0, users.length).filter(at -> answers[at] == null).toArray();
    if (left.length > 0) {
      int[] those = Arrays.stream(left).map(at -> users[at]).toArray();
      TopItems[] scored = topOfTile(those, n, exclusions, scores, host);
      for (int at = 0; at < left.length; at++) {
        answers[left[at]] = scored[at];
      }
    }
    return answers;
  }

  @Override
  public TopItems similarItems(int item, int count) {
    checkCount(count);
    check("item", new int[] {item}, model.items().size());
    return ask(
        (scratch, host) -> {
          DeviceBuffer scores = scratch.floats(model.items().size());
          int[] query = {item};
          score(directions, directions, null, null, plainHead, 0, query, scores, scratch, host);
          exclude(query, itself -> new int[] {itself}, scores, scratch, host);
          return select(1, count, scores, scratch, host)[0];
        });
  }

  private void scoreUsers(int[] users, DeviceBuffer scores, DeviceArena scratch, Arena host) {
    score(
        weights.userFactors(),
        weights.itemFactors(),
        weights.userBias(),
        weights.itemBias(),
        weights.dense() == null ? null : weights.dense().buffer(),
        model.offset(),
        users,
        scores,
        scratch,
        host);
  }

  private void score(
      DeviceTable queries,
      DeviceTable items,
      @Nullable DeviceTable queryBias,
      @Nullable DeviceTable itemBias,
      @Nullable DeviceBuffer head,
      float offset,
      int[] rows,
      DeviceBuffer scores,
      DeviceArena scratch,
      Arena host) {
    int itemCount = model.items().size();
    kernels
        .kernel(FILE, "score_items")
        .call(
            queries.buffer(),
            items.buffer(),
            queries.vectors(),
            Arguments.orNull(queryBias),
            Arguments.orNull(itemBias),
            Arguments.orNull(head),
            offset,
            upload(rows, scratch, host),
            rows.length,
            itemCount,
            scores)
        .launch(
            scratch.stream(),
            new LaunchShape(
                Math.ceilDiv(itemCount, TILE),
                Math.ceilDiv(rows.length, TILE),
                1,
                Launches.THREADS,
                1,
                1,
                0));
  }

  private void exclude(
      int[] rows, Exclusions exclusions, DeviceBuffer scores, DeviceArena scratch, Arena host) {
    long[] offsets = new long[rows.length + 1];
    int[][] excluded = new int[rows.length][];
    for (int row = 0; row < rows.length; row++) {
      excluded[row] = exclusions.of(rows[row]);
      offsets[row + 1] = offsets[row] + excluded[row].length;
    }
    if (offsets[rows.length] == 0) {
      return;
    }
    MemorySegment all = host.allocate(ValueLayout.JAVA_INT, offsets[rows.length]);
    for (int row = 0; row < rows.length; row++) {
      MemorySegment.copy(
          excluded[row],
          0,
          all,
          ValueLayout.JAVA_INT,
          offsets[row] * Integer.BYTES,
          excluded[row].length);
    }
    kernels
        .kernel(FILE, "exclude_items")
        .call(
            upload(host.allocateFrom(ValueLayout.JAVA_LONG, offsets), scratch),
            upload(all, scratch),
            model.items().size(),
            scores)
        .launch(scratch.stream(), LaunchShape.of(rows.length, Launches.THREADS));
  }

  private TopItems[] select(
      int rows, int count, DeviceBuffer scores, DeviceArena scratch, Arena host) {
    int itemCount = model.items().size();
    int n = Math.min(count, itemCount);
    if (n > MOST_SELECTED) {
      return sortOnHost(rows, n, scores, scratch, host);
    }
    Selection selection = new Selection(rows, n, scratch);
    kernels
        .kernel(FILE, "select_items")
        .call(scores, itemCount, n, selection.items, selection.scores, selection.found)
        .launch(scratch.stream(), LaunchShape.of(rows, Launches.THREADS));
    return selection.download(host);
  }

  /** What a kernel selected for rows of scores. */
  private static final class Selection {
    private final int n;
    private final DeviceArena scratch;
    private final DeviceBuffer items;
    private final DeviceBuffer scores;

    /** How many; less than 0 where there is no answer. */
    private final DeviceBuffer found;

    Selection(int rows, int n, DeviceArena scratch) {
      this.n = n;
      this.scratch = scratch;
      items = scratch.ints((long) rows * n);
      scores = scratch.floats((long) rows * n);
      found = scratch.ints(rows);
    }

    /** Null for a row without an answer. */
    @Nullable TopItems[] download(Arena host) {
      Stream stream = scratch.stream();
      int[] counts = CudaScorer.download(found, stream, host).toArray(ValueLayout.JAVA_INT);
      int[] allItems = CudaScorer.download(items, stream, host).toArray(ValueLayout.JAVA_INT);
      float[] allScores = CudaScorer.download(scores, stream, host).toArray(ValueLayout.JAVA_FLOAT);
      @Nullable TopItems[] answers = new TopItems[counts.length];
      for (int row = 0; row < counts.length; row++) {
        int from = row * n;
        if (counts[row] >= 0) {
          answers[row] =
              new TopItems(
                  Arrays.copyOfRange(allItems, from, from + counts[row]),
                  Arrays.copyOfRange(allScores, from, from + counts[row]));
        }
      }
      return answers;
    }
  }

  /** Lists longer than anyone reads: rare enough for plain Java. */
  private TopItems[] sortOnHost(
      int rows, int n, DeviceBuffer scores, DeviceArena scratch, Arena host) {
    int itemCount = model.items().size();
    TopItems[] answers = new TopItems[rows];
    for (int row = 0; row < rows; row++) {
      long bytes = (long) itemCount * Float.BYTES;
      MemorySegment copy = host.allocate(bytes);
      scores.slice(row * bytes, bytes).copyTo(copy, scratch.stream());
      scratch.stream().synchronize();
      float[] ofRow = copy.toArray(ValueLayout.JAVA_FLOAT);
      int[] items =
          IntStream.range(0, itemCount)
              .filter(item -> ofRow[item] != Float.NEGATIVE_INFINITY)
              .boxed()
              .sorted((a, b) -> Float.compare(ofRow[b], ofRow[a])) // stable: ties by item
              .limit(n)
              .mapToInt(Integer::intValue)
              .toArray();
      float[] best = new float[items.length];
      for (int at = 0; at < items.length; at++) {
        best[at] = ofRow[items[at]];
      }
      answers[row] = new TopItems(items, best);
    }
    return answers;
  }

  private static DeviceBuffer upload(int[] values, DeviceArena scratch, Arena host) {
    return upload(host.allocateFrom(ValueLayout.JAVA_INT, values), scratch);
  }

  private static DeviceBuffer upload(MemorySegment values, DeviceArena scratch) {
    DeviceBuffer buffer = scratch.allocate(values.byteSize());
    buffer.copyFrom(values, scratch.stream());
    return buffer;
  }

  private static MemorySegment download(DeviceBuffer buffer, Stream stream, Arena host) {
    MemorySegment values = host.allocate(buffer.size(), Double.BYTES);
    buffer.copyTo(values, stream);
    stream.synchronize();
    return values;
  }

  private static void check(String what, int[] indices, int count) {
    for (int index : indices) {
      if (index < 0 || index >= count) {
        throw new IndexOutOfBoundsException(what + " " + index + " is not in 0.." + (count - 1));
      }
    }
  }

  private static void checkCount(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, not " + count);
    }
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        arena.close();
      }
    } finally {
      use.writeLock().unlock();
    }
  }
}
