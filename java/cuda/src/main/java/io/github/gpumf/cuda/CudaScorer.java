package io.github.gpumf.cuda;

import io.github.gpumf.backend.Scorer;
import io.github.gpumf.cuda.BestItems.Selection;
import io.github.gpumf.cuda.driver.Cublas;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasHandle;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Queries on a model that lies on a GPU ({@code top_items.cu}). Users are scored in tiles, whose
 * scores stay in the device's L2; only the best items come back.
 *
 * <p>Where there is a cuBLAS it multiplies, and finds candidates whose scores are then computed
 * anew ({@link CudaProducts}). So the answers are the same bits with it and without it, and for a
 * user in any company. Where cuBLAS fails our own kernel does all from then on.
 *
 * <p>Each query has a stream and scratch of its own, so queries of many threads run side by side.
 */
final class CudaScorer implements Scorer {
  static final String FILE = "top_items";

  /** Users and items of a block of {@code score_items}. */
  static final int TILE = 64;

  /** Scores of a tile of users: half of an H200's L2. */
  private static final long SCORES_BYTES = 25L << 20;

  private final MfModel model;
  private final CudaContext context;
  private final Kernels kernels;
  private final Launches launches;
  private final DeviceArena arena;
  private final DeviceWeights weights;

  private final BestItems best;

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
      Consumer<CublasException> failures,
      DeviceArena arena) {
    this.model = model;
    this.context = context;
    this.kernels = kernels;
    this.arena = arena;
    launches = Launches.of(context.device());
    best = new BestItems(kernels, model.items().size());
    Weights host = model.weights();
    weights = DeviceWeights.zeros(host, arena);
    weights.copyFrom(host, arena.stream());
    products = CudaProducts.of(model, library, kernels, weights, failures, arena);
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
   * @param failures is told which calls of the library fail; answers do not suffer
   */
  static CudaScorer open(
      MfModel model,
      CudaContext context,
      Kernels kernels,
      @Nullable Cublas library,
      Consumer<CublasException> failures) {
    DeviceArena arena = new DeviceArena(context);
    return DeviceArena.orClose(
        arena, () -> new CudaScorer(model, context, kernels, library, failures, arena));
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

  private <T> T ask(Function<QueryScratch, T> query) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the scorer is closed");
      }
      try (QueryScratch scratch = new QueryScratch(context)) {
        return query.apply(scratch);
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
        scratch -> {
          if (users.length == 0) {
            return new float[0];
          }
          DeviceBuffer predictions = scratch.device().floats(users.length);
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
                  scratch.upload(users),
                  scratch.upload(items),
                  (long) users.length,
                  predictions)
              .launch(scratch.stream(), launches.items(users.length));
          return scratch.floats(predictions);
        });
  }

  @Override
  public TopItems[] topItems(int[] users, int count, Exclusions exclusions) {
    checkCount(count);
    check("user", users, model.users().size());
    return ask(
        scratch -> {
          TopItems[] answers = new TopItems[users.length];
          int itemCount = model.items().size();
          // A tile's factors are gathered for cuBLAS: they count too where there are few items.
          long floatsOfUser = Math.max(itemCount, weights.userFactors().stride());
          int tile =
              Math.clamp(SCORES_BYTES / (floatsOfUser * Float.BYTES), 1, Math.max(1, users.length));
          DeviceBuffer scores = scratch.device().floats((long) tile * itemCount);
          int n = Math.min(count, itemCount);
          CublasHandle handle =
              products == null || n > CudaProducts.MOST_SELECTED
                  ? null
                  : products.borrow(scratch.device());
          for (int from = 0; from < users.length; from += tile) {
            int[] some = Arrays.copyOfRange(users, from, Math.min(users.length, from + tile));
            TopItems[] answered =
                handle == null || products == null
                    ? topOfTile(some, count, exclusions, scores)
                    : topByProducts(products, handle, some, n, exclusions, scores);
            System.arraycopy(answered, 0, answers, from, answered.length);
          }
          return answers;
        });
  }

  private TopItems[] topOfTile(int[] users, int count, Exclusions exclusions, DeviceBuffer scores) {
    try (QueryScratch scratch = new QueryScratch(context)) {
      score(
          weights.userFactors(),
          weights.itemFactors(),
          weights.userBias(),
          weights.itemBias(),
          weights.dense() == null ? null : weights.dense().buffer(),
          model.offset(),
          users,
          scores,
          scratch);
      best.exclude(users, exclusions, scores, scratch);
      return best.select(users.length, count, scores, scratch);
    }
  }

  /** Users whom products cannot serve are scored after the others, or all where cuBLAS fails. */
  private TopItems[] topByProducts(
      CudaProducts products,
      CublasHandle handle,
      int[] users,
      int n,
      Exclusions exclusions,
      DeviceBuffer scores) {
    @Nullable TopItems[] answers;
    try (QueryScratch scratch = new QueryScratch(context)) {
      DeviceArena device = scratch.device();
      DeviceBuffer onDevice = scratch.upload(users);
      DeviceBuffer bounds = products.multiply(handle, onDevice, users.length, scores, device);
      if (bounds == null) {
        answers = new TopItems[users.length];
      } else {
        best.exclude(users, exclusions, scores, scratch);
        Selection selection = Selection.allocate(users.length, n, device);
        products.select(scores, bounds, onDevice, users.length, selection, device);
        answers = selection.download(scratch);
      }
    }
    int[] left = IntStream.range(0, users.length).filter(at -> answers[at] == null).toArray();
    if (left.length > 0) {
      int[] those = Arrays.stream(left).map(at -> users[at]).toArray();
      TopItems[] scored = topOfTile(those, n, exclusions, scores);
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
        scratch -> {
          DeviceBuffer scores = scratch.device().floats(model.items().size());
          int[] query = {item};
          score(directions, directions, null, null, plainHead, 0, query, scores, scratch);
          best.exclude(query, itself -> new int[] {itself}, scores, scratch);
          return best.select(1, count, scores, scratch)[0];
        });
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
      QueryScratch scratch) {
    int itemCount = model.items().size();
    LaunchShape tiles =
        LaunchShape.of(Math.ceilDiv(itemCount, TILE), Launches.THREADS)
            .withGridY(Math.ceilDiv(rows.length, TILE));
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
            scratch.upload(rows),
            rows.length,
            itemCount,
            scores)
        .launch(scratch.stream(), tiles);
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
