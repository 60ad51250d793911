package io.github.gpumf.check;

import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.Stream;
import java.util.Locale;
import java.util.function.IntConsumer;

/**
 * Each kernel by itself, beside the least time that it can take: that of a copy of the bytes which
 * its source says it must move, or of a launch. The bytes count every row of a batch as read from
 * memory, so where a cache helps a kernel can be faster than its floor.
 */
final class KernelTimes implements Measure {
  private static final Long NULL = 0L;
  private static final int START = 1;
  private static final float RATE = 1e-6f;
  private static final float EPSILON = 1e-7f;

  /** 1 - beta1 and 1 - beta2. */
  private static final float A = 0.1f;

  private static final float B = 0.001f;

  /** Neighbouring ratings that a group takes. */
  private static final int PER_GROUP = 8;

  /** Users and items of a block of {@code score_items}. */
  private static final int SCORE_TILE = 64;

  /** Keys of a thread and values of a digit, in {@code batch_index.cu}. */
  private static final int KEYS = 16;

  private static final int DIGITS = 256;

  private final CudaContext context;
  private final Kernels kernels;
  private final Launches launches;
  private final Sizes sizes;

  KernelTimes(CudaContext context, Kernels kernels, Sizes sizes) {
    this.context = context;
    this.kernels = kernels;
    this.sizes = sizes;
    launches = Launches.of(context.device());
  }

  @Override
  public String name() {
    return "kernels";
  }

  /** Where a kernel's time goes. */
  private record Clock(EventTimer timer, Findings findings, double launch) {
    void time(String kernel, String size, int k, double bytes, IntConsumer work) {
      double floor = Math.max(launch, bytes / Math.max(1, findings.copyBandwidth()));
      findings.add(
          new Findings.Kernel(kernel, size, k, Math.round(bytes), timer.microseconds(work), floor));
    }
  }

  @Override
  public void run(Findings findings) throws InterruptedException {
    try (Stream stream = context.newStream();
        EventTimer timer = new EventTimer(context, stream, sizes.samples(), sizes.repetitions())) {
      Clock clock = new Clock(timer, findings, launchTime(timer, stream));
      findings.machine(
          "launch", String.format(Locale.ROOT, "%.2f us from one to the next", clock.launch()));
      for (Shape shape : sizes.shapes()) {
        for (int k : sizes.factors()) {
          if (2 * KernelTables.bytes(shape, k) > context.memory().free()) {
            findings.note(shape + ", k = " + k + ": left out, more than half of the free memory");
            continue;
          }
          for (int batchSize : sizes.batchSizes()) {
            if (Thread.interrupted()) {
              throw new InterruptedException("at " + shape);
            }
            boolean last = batchSize == sizes.batchSizes().getLast();
            try (KernelTables tables =
                new KernelTables(
                    context, kernels, stream, shape, k, sizes.positions(), batchSize)) {
              ofBatch(clock, stream, tables, shape);
              if (last) {
                ofTables(clock, stream, tables, shape);
                ofRatings(clock, stream, tables, shape);
                ofServing(clock, stream, tables, shape);
              }
              if (last && k == sizes.factors().getFirst()) {
                ofWindow(clock, stream, tables, shape);
              }
              stream.synchronize();
              tables.requireFinite();
            }
          }
        }
      }
    }
  }

  /** Between launches of a kernel that ends at once: {@code stop} is set. */
  private double launchTime(EventTimer timer, Stream stream) {
    try (DeviceBuffer stopped = context.allocate(16)) {
      stopped.fill(1, stream);
      KernelCall call =
          kernels
              .kernel("optimizers", "sgd_table")
              .call(stopped, 0f, NULL, NULL, NULL, NULL, 0L, 0f, 0f, 0f, 0f, NULL);
      LaunchShape shape = LaunchShape.of(1, Launches.THREADS);
      return timer.microseconds(turn -> call.launch(stream, shape));
    }
  }

  private static String size(Shape shape, int batchSize) {
    return String.format(Locale.ROOT, "%s, batch %,d", shape.name(), batchSize);
  }

  private void ofBatch(Clock clock, Stream stream, KernelTables t, Shape shape) {
    String size = size(shape, t.batchSize);
    int rowBytes = 16 * t.vectors;
    float scale = 2f / t.batchSize;
    KernelCall errors =
        kernels
            .kernel("predictions", "batch_errors")
            .call(
                t.stop,
                0,
                t.batchSize,
                scale,
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.group,
                t.users.bias(),
                t.items.bias(),
                NULL,
                3f,
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                NULL,
                t.slopes,
                t.partials);
    LaunchShape groups = launches.groups(t.batchSize, t.group);
    // Two rows, two biases, two indices and a value read, a slope written.
    clock.time(
        "batch_errors",
        size,
        t.k,
        t.batchSize * (2.0 * rowBytes + 24),
        turn -> errors.set(START, t.start(turn)).launch(stream, groups));
    gradient(clock, stream, t, size, "users", t.users, t.items);
    gradient(clock, stream, t, size, "items", t.items, t.users);
    rows(clock, stream, t, size, "adam", 8);
    rows(clock, stream, t, size, "adagrad", 6);
    rows(clock, stream, t, size, "sgd", 4);
  }

  private void gradient(
      Clock clock, Stream stream, KernelTables t, String size, String name, Side own, Side other) {
    KernelCall call =
        kernels
            .kernel("gradients", "gradient_rows")
            .call(
                t.stop,
                0,
                t.batchSize,
                2f / t.batchSize,
                own.sortedRows(),
                own.sortedPositions(),
                other.rowAt(),
                t.slopes,
                own.factors(),
                other.factors(),
                t.vectors,
                t.group,
                own.bias(),
                NULL,
                0f,
                0f,
                own.gradient(),
                own.biasGradient());
    LaunchShape shape = launches.groups(t.batchSize, t.group);
    // A rating: the other row, two places of the index, the other's index and a slope. A row: read
    // and written.
    double bytes = t.batchSize * (16.0 * t.vectors + 16) + own.distinctInBatch() * 32 * t.vectors;
    clock.time(
        "gradient_rows",
        size + ", " + name,
        t.k,
        bytes,
        turn -> call.set(START, t.start(turn)).launch(stream, shape));
  }

  /** An optimizer on the items of a batch. */
  private void rows(
      Clock clock, Stream stream, KernelTables t, String size, String rule, int streams) {
    Side side = t.items;
    KernelCall call =
        kernels
            .kernel("optimizers", rule + "_rows")
            .call(
                t.stop,
                0,
                t.batchSize,
                RATE,
                side.sortedRows(),
                side.factors(),
                firstSlot(rule, side),
                side.second(),
                side.gradient(),
                t.vectors,
                t.group,
                0f,
                A,
                B,
                EPSILON);
    LaunchShape shape = launches.groups(t.batchSize, t.group);
    clock.time(
        rule + "_rows",
        size + ", items",
        t.k,
        side.distinctInBatch() * streams * 16 * t.vectors + 4.0 * t.batchSize,
        turn -> call.set(START, t.start(turn)).launch(stream, shape));
  }

  /** AdaGrad's sums of squares must not be where Adam left means, which may be negative. */
  private static DeviceBuffer firstSlot(String rule, Side side) {
    return rule.startsWith("adagrad") ? side.second() : side.first();
  }

  /** Kernels that go over a whole table. */
  private void ofTables(Clock clock, Stream stream, KernelTables t, Shape shape) {
    Side side = t.users;
    String size = String.format(Locale.ROOT, "%s, %,d users", shape.name(), side.rows());
    long vectors = (long) side.rows() * t.vectors;
    double bytes = 16.0 * vectors;
    LaunchShape items = launches.items(vectors);
    table(clock, stream, t, size, "adam", 8, items);
    table(clock, stream, t, size, "adagrad", 6, items);
    table(clock, stream, t, size, "sgd", 4, items);
    KernelCall squares =
        kernels.kernel("optimizers", "sum_of_squares").call(side.factors(), vectors, t.partials);
    clock.time("sum_of_squares", size, t.k, bytes, turn -> squares.launch(stream, items));
    KernelCall finite =
        kernels.kernel("optimizers", "find_not_finite").call(side.factors(), vectors, t.notFinite);
    clock.time("find_not_finite", size, t.k, bytes, turn -> finite.launch(stream, items));
    KernelCall initial =
        kernels
            .kernel("initial", "initial_factors")
            .call(side.gradient(), (long) side.rows(), t.k, t.vectors * 4, 0f, 0f, 1L, 1L);
    LaunchShape blocks = launches.items(Math.ceilDiv((long) side.rows() * t.k, 4L));
    clock.time("initial_factors", size, t.k, bytes, turn -> initial.launch(stream, blocks));
  }

  private void table(
      Clock clock,
      Stream stream,
      KernelTables t,
      String size,
      String rule,
      int streams,
      LaunchShape shape) {
    Side side = t.users;
    long vectors = (long) side.rows() * t.vectors;
    KernelCall call =
        kernels
            .kernel("optimizers", rule + "_table")
            .call(
                t.stop,
                RATE,
                side.factors(),
                firstSlot(rule, side),
                side.second(),
                side.gradient(),
                vectors,
                0f,
                A,
                B,
                EPSILON,
                NULL);
    clock.time(
        rule + "_table", size, t.k, streams * 16.0 * vectors, turn -> call.launch(stream, shape));
  }

  /** Kernels of an update a rating. */
  private void ofRatings(Clock clock, Stream stream, KernelTables t, Shape shape) {
    int perLane = Integer.highestOneBit(Math.max(1, 2 * Math.ceilDiv(t.vectors, t.group) - 1));
    // Bytes a rating, as in ratings.cu: rows and an optimizer's numbers each way.
    ratings(clock, stream, t, shape, "sgd_ratings_" + perLane, 4.0 * 16 * t.vectors + 32);
    ratings(clock, stream, t, shape, "adagrad_row_ratings_" + perLane, 4.0 * 16 * t.vectors + 48);
    ratings(clock, stream, t, shape, "adagrad_ratings_" + perLane, 8.0 * 16 * t.vectors + 48);
    ratings(clock, stream, t, shape, "lazy_adam_ratings_" + perLane, 12.0 * 16 * t.vectors + 64);
  }

  private void ratings(
      Clock clock, Stream stream, KernelTables t, Shape shape, String name, double perRating) {
    Side users = t.users;
    Side items = t.items;
    KernelCall call =
        kernels
            .kernel("ratings", name)
            .call(
                users.factors(),
                firstSlot(name, users),
                users.second(),
                users.bias(),
                users.biasFirst(),
                users.biasSecond(),
                items.factors(),
                firstSlot(name, items),
                items.second(),
                items.bias(),
                items.biasFirst(),
                items.biasSecond(),
                t.vectors,
                t.k,
                t.group,
                3f,
                users.rowAt(),
                items.rowAt(),
                t.values,
                NULL,
                0L,
                (long) t.positions,
                PER_GROUP,
                RATE,
                A,
                B,
                EPSILON,
                0f,
                0f,
                t.partials);
    LaunchShape groups = launches.groups(Math.ceilDiv(t.positions, PER_GROUP), t.group);
    clock.time(
        name,
        String.format(Locale.ROOT, "%s, %,d ratings", shape.name(), t.positions),
        t.k,
        t.positions * perRating,
        turn -> call.launch(stream, groups));
  }

  /** Kernels of predictions and lists. */
  private void ofServing(Clock clock, Stream stream, KernelTables t, Shape shape) {
    String ratings = String.format(Locale.ROOT, "%s, %,d ratings", shape.name(), t.positions);
    KernelCall predict =
        kernels
            .kernel("predictions", "predict")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.users.bias(),
                t.items.bias(),
                NULL,
                3f,
                t.users.rowAt(),
                t.items.rowAt(),
                (long) t.positions,
                t.slopes);
    LaunchShape each = launches.items(t.positions);
    double rows = t.positions * (32.0 * t.vectors + 20);
    clock.time("predict", ratings, t.k, rows, turn -> predict.launch(stream, each));
    KernelCall errors =
        kernels
            .kernel("predictions", "squared_errors")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.group,
                t.users.bias(),
                t.items.bias(),
                NULL,
                3f,
                1f,
                5f,
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                (long) t.positions,
                t.partials);
    LaunchShape groups = launches.groups(t.positions, t.group);
    clock.time("squared_errors", ratings, t.k, rows, turn -> errors.launch(stream, groups));
    lists(clock, stream, t, shape);
  }

  /** A tile of users' scores, and the best ten of each. */
  private void lists(Clock clock, Stream stream, KernelTables t, Shape shape) {
    int itemCount = t.items.rows();
    int tile = Math.clamp((25L << 20) / (4L * itemCount), 1, 4_096);
    int users = Math.min(tile, t.positions);
    String size = String.format(Locale.ROOT, "%s, %,d users", shape.name(), users);
    double scoreBytes = 4.0 * users * itemCount;
    DeviceBuffer scores = t.zeros(4L * users * itemCount);
    KernelCall score =
        kernels
            .kernel("top_items", "score_items")
            .call(
                t.users.factors(),
                t.items.factors(),
                t.vectors,
                t.users.bias(),
                t.items.bias(),
                NULL,
                3f,
                t.users.rowAt(),
                users,
                itemCount,
                scores);
    LaunchShape tiles =
        new LaunchShape(
            Math.ceilDiv(itemCount, SCORE_TILE),
            Math.ceilDiv(users, SCORE_TILE),
            1,
            Launches.THREADS,
            1,
            1,
            0);
    clock.time(
        "score_items",
        size,
        t.k,
        scoreBytes + 16.0 * t.vectors * (users + itemCount),
        turn -> score.launch(stream, tiles));
    int count = Math.min(10, itemCount);
    KernelCall select =
        kernels
            .kernel("top_items", "select_items")
            .call(
                scores,
                itemCount,
                count,
                t.zeros(4L * users * count),
                t.zeros(4L * users * count),
                t.zeros(4L * users));
    LaunchShape row = LaunchShape.of(users, Launches.THREADS);
    clock.time("select_items", size, t.k, scoreBytes, turn -> select.launch(stream, row));
  }

  /** Kernels that prepare a window; k is nothing to them. */
  private void ofWindow(Clock clock, Stream stream, KernelTables t, Shape shape) {
    String size = String.format(Locale.ROOT, "%s, %,d positions", shape.name(), t.positions);
    int count = t.positions;
    int rowBits = Integer.SIZE - Integer.numberOfLeadingZeros(t.users.rows() - 1);
    LaunchShape each = launches.items(count);
    DeviceBuffer keys = t.zeros(4L * count);
    DeviceBuffer places = t.zeros(4L * count);
    DeviceBuffer sortedKeys = t.zeros(4L * count);
    DeviceBuffer sortedPlaces = t.zeros(4L * count);
    KernelCall gather =
        kernels
            .kernel("batches", "gather_batches")
            .call(
                t.users.rowAt(),
                t.items.rowAt(),
                t.values,
                NULL,
                (long) count,
                1,
                1L,
                1L,
                0L,
                count,
                keys,
                places,
                sortedKeys,
                NULL);
    clock.time("gather_batches", size, 0, 108.0 * count, turn -> gather.launch(stream, each));
    KernelCall index =
        kernels
            .kernel("batch_index", "index_keys")
            .call(t.users.rowAt(), count, t.batchSize, rowBits, keys, places);
    clock.time("index_keys", size, 0, 12.0 * count, turn -> index.launch(stream, each));
    int threads = launches.items(Math.ceilDiv(count, KEYS)).blockX();
    int tiles = Math.ceilDiv(count, threads * KEYS);
    DeviceBuffer counts = t.zeros(4L * DIGITS * tiles);
    DeviceBuffer totals = t.zeros(4L * DIGITS);
    LaunchShape tiled = LaunchShape.of(tiles, threads);
    KernelCall radixCount =
        kernels.kernel("batch_index", "radix_count").call(keys, count, 0, tiles, counts);
    KernelCall scan = kernels.kernel("batch_index", "radix_scan").call(counts, tiles, totals);
    LaunchShape scanning = LaunchShape.of(DIGITS * 32 / Launches.THREADS, Launches.THREADS);
    KernelCall scatter =
        kernels
            .kernel("batch_index", "radix_scatter")
            .call(keys, places, count, 0, tiles, counts, totals, sortedKeys, sortedPlaces);
    LaunchShape scattering = tiled.withShared(threads / 32 * DIGITS * Integer.BYTES);
    clock.time("radix_count", size, 0, 4.0 * count, turn -> radixCount.launch(stream, tiled));
    // Scanning counts again and again would scatter out of bounds: count before each scan.
    clock.time(
        "radix_count, radix_scan, radix_scatter",
        size,
        0,
        20.0 * count,
        turn -> {
          radixCount.launch(stream, tiled);
          scan.launch(stream, scanning);
          scatter.launch(stream, scattering);
        });
    KernelCall rows =
        kernels.kernel("batch_index", "index_rows").call(sortedKeys, count, rowBits, sortedPlaces);
    clock.time("index_rows", size, 0, 8.0 * count, turn -> rows.launch(stream, each));
  }
}
