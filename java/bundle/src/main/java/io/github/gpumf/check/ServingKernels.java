package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.NULL;

import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.cuda.Launches;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;

/**
 * Kernels of predictions and lists.
 *
 * @param bench to time with
 * @param t to time on
 * @param mostListed users whose scores are computed together
 */
record ServingKernels(KernelBench bench, KernelTables t, int mostListed) {
  /** Users and items of a block of {@code score_items}. */
  private static final int SCORE_TILE = 64;

  /** Bytes of a tile's scores, as when lists are served: L2 holds them. */
  private static final long SCORE_BYTES = 25L << 20;

  /** Items of a list, and items that it must not have. */
  private static final int LISTED = 10;

  private static final int EXCLUDED = 100;

  /** What two ways to add up a product differ by at most, here: of {@code gather_users}. */
  private static final double BOUND = 1e-6;

  /** Times all of them. */
  void time() {
    predictions();
    lists();
  }

  private void predictions() {
    Load load =
        new Load(t.size(t.positions, "ratings"), t.k, t.positions * (32.0 * t.vectors + 20));
    bench.time(
        "predictions",
        "predict",
        load,
        bench.launches().items(t.positions),
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
    squaredErrors("predictions", "squared_errors", load, t.users.factors(), t.items.factors());
    Load ofHalves = new Load(load.size(), t.k, load.bytes() - 16.0 * t.vectors * t.positions);
    squaredErrors(
        "halves", "squared_errors_of_halves", ofHalves, t.users.halves(), t.items.halves());
  }

  private void squaredErrors(
      String file, String name, Load load, DeviceBuffer userFactors, DeviceBuffer itemFactors) {
    bench.time(
        file,
        name,
        load,
        bench.launches().groups(t.positions, t.group),
        userFactors,
        itemFactors,
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
  }

  /** A tile of users' scores, and the best ten of each. */
  private void lists() {
    int itemCount = t.items.rows();
    int tile = Math.clamp(SCORE_BYTES / (4L * itemCount), 1, mostListed);
    int users = Math.min(tile, t.positions);
    int listed = Math.min(LISTED, itemCount);
    String size = t.size(users, "users");
    double scoreBytes = 4.0 * users * itemCount;
    DeviceBuffer scores = t.zeros(4L * users * itemCount);
    // Without biases a score is its product, so select_near finds what it leaves.
    DeviceBuffer userBias = t.zeros(4L * t.users.rows());
    DeviceBuffer itemBias = t.zeros(4L * itemCount);
    bench.time(
        "top_items",
        "score_items",
        new Load(size, t.k, scoreBytes + 16.0 * t.vectors * (users + itemCount)),
        new LaunchShape(
            Math.ceilDiv(itemCount, SCORE_TILE),
            Math.ceilDiv(users, SCORE_TILE),
            1,
            Launches.THREADS,
            1,
            1,
            0),
        t.users.factors(),
        t.items.factors(),
        t.vectors,
        userBias,
        itemBias,
        NULL,
        0f,
        t.users.rowAt(),
        users,
        itemCount,
        scores);
    LaunchShape userEach = LaunchShape.of(users, Launches.THREADS);
    exclude(size, users, scores, userEach);
    DeviceBuffer best = t.zeros(4L * users * listed);
    DeviceBuffer bestScores = t.zeros(4L * users * listed);
    DeviceBuffer found = t.zeros(4L * users);
    bench.time(
        "top_items",
        "select_items",
        new Load(size, t.k, scoreBytes),
        userEach,
        scores,
        itemCount,
        listed,
        best,
        bestScores,
        found);
    DeviceBuffer bounds = t.zeros(4L * users);
    bench.time(
        "top_items",
        "gather_users",
        new Load(size, t.k, users * (32.0 * t.vectors + 8)),
        LaunchShape.of(Math.ceilDiv(users, Launches.THREADS / 32), Launches.THREADS),
        t.users.factors(),
        t.vectors,
        t.users.rowAt(),
        users,
        BOUND,
        BOUND,
        Double.MAX_VALUE,
        t.zeros(16L * t.vectors * users),
        bounds);
    bench.time(
        "top_items",
        "select_near",
        new Load(size, t.k, 2 * scoreBytes + 16.0 * t.vectors * users * (listed + 1)),
        userEach,
        scores,
        itemCount,
        listed,
        bounds,
        t.users.factors(),
        t.items.factors(),
        t.vectors,
        userBias,
        itemBias,
        NULL,
        0f,
        t.users.rowAt(),
        best,
        bestScores,
        found);
    for (int count : t.download(found, users)) {
      if (count != listed) {
        throw new IllegalStateException(
            "select_near found " + count + " items for a user, not " + listed);
      }
    }
  }

  private void exclude(String size, int users, DeviceBuffer scores, LaunchShape userEach) {
    int itemCount = t.items.rows();
    int excluded = Math.min(EXCLUDED, itemCount / 2);
    long[] offsets = new long[users + 1];
    int[] items = new int[users * excluded];
    for (int user = 0; user < users; user++) {
      offsets[user + 1] = offsets[user] + excluded;
      for (int at = 0; at < excluded; at++) {
        // Neighbours of each other in no row.
        items[user * excluded + at] = (int) ((user + 2L * at) % itemCount);
      }
    }
    bench.time(
        "top_items",
        "exclude_items",
        // An item read, and a score written in a sector of its own.
        new Load(size, t.k, 36.0 * users * excluded + 8.0 * users),
        userEach,
        t.upload(offsets),
        t.upload(items),
        itemCount,
        scores);
  }
}
