package io.github.gpumf.cuda;

import static io.github.gpumf.cuda.Near.assertNear;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code ratings.cu}. An update a rating is training in batches of one, so with one group at work
 * the scalar backend is the oracle.
 */
final class RatingsKernelsTest {
  private static final int USERS = 23;
  private static final int ITEMS = 17;
  private static final float REGULARIZATION = 0.03f;
  private static final float BIAS_REGULARIZATION = 0.02f;

  private static List<Optimizer> optimizers() {
    return List.of(
        new Sgd(0.02),
        new AdaGrad(0.05),
        new AdaGrad(LearningRate.constant(0.05), Accumulator.ROW, 1e-10),
        new LazyAdam(0.01));
  }

  static List<Arguments> optimizersAndBindings() {
    return optimizers().stream()
        .flatMap(rule -> Gpu.BINDINGS.stream().map(binding -> Arguments.of(rule, binding)))
        .toList();
  }

  private static String kernel(Optimizer optimizer, int k) {
    int perLane = 1;
    while (perLane * Gpu.group(k) < Gpu.vectors(k)) {
      perLane *= 2;
    }
    String name =
        switch (optimizer) {
          case Sgd sgd -> "sgd_ratings";
          case LazyAdam lazyAdam -> "lazy_adam_ratings";
          case AdaGrad adaGrad ->
              adaGrad.accumulator() == Accumulator.ROW ? "adagrad_row_ratings" : "adagrad_ratings";
          default -> throw new AssertionError(optimizer);
        };
    return name + "_" + perLane;
  }

  private static Ratings ratings(int count, boolean weighted) {
    Draws draws = new Draws(count);
    int[] users = draws.rows(count, USERS);
    int[] items = draws.rows(count, ITEMS);
    float[] values = draws.floats(count, 1, 5);
    float[] weights = draws.floats(count, 0.5f, 2);
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(USERS), IdMap.dense(ITEMS), count, false, weighted);
    for (int row = 0; row < count; row++) {
      builder.set(row, users[row], items[row], values[row]);
      if (weighted) {
        builder.weight(row, weights[row]);
      }
    }
    return builder.build();
  }

  private static TrainingJob job(Ratings ratings, int k, Optimizer optimizer) {
    Mf spec =
        Mf.biased(k)
            .withMeanOffset(true)
            .withRegularization(REGULARIZATION, BIAS_REGULARIZATION)
            .withInitializer(new UniformInitializer(0.1 / Math.sqrt(k), 0.8 / Math.sqrt(k)));
    TrainingState start = TrainingState.initial(ratings, spec, optimizer, 5);
    return new TrainingJob(ratings, spec, optimizer, 1, false, 5, 1, 1e9, start);
  }

  /** A training's tables on the device; what the optimizer does not have is null. */
  private static final class OnDevice {
    final Gpu gpu;
    final TrainingJob job;
    final int k;
    final Object[] tables = new Object[12];
    final DeviceBuffer users;
    final DeviceBuffer items;
    final DeviceBuffer values;
    final Object weights;

    OnDevice(Gpu gpu, TrainingJob job) {
      this.gpu = gpu;
      this.job = job;
      k = job.spec().factors();
      Arrays.fill(tables, Gpu.NULL);
      put(0, job.start().weights());
      for (int slot = 0; slot < job.start().slots().size(); slot++) {
        put(1 + slot, job.start().slots().get(slot));
      }
      Ratings ratings = job.ratings();
      users = gpu.of(ratings.userColumn().toArray(ValueLayout.JAVA_INT));
      items = gpu.of(ratings.itemColumn().toArray(ValueLayout.JAVA_INT));
      values = gpu.of(ratings.valueColumn().toArray(ValueLayout.JAVA_FLOAT));
      weights =
          ratings.hasWeights()
              ? gpu.of(requireNonNull(ratings.weightColumn()).toArray(ValueLayout.JAVA_FLOAT))
              : Gpu.NULL;
    }

    private void put(int at, Weights of) {
      tables[at] = factors(of.userFactors());
      tables[6 + at] = factors(of.itemFactors());
      tables[3 + at] = gpu.of(numbers(of.userBias()));
      tables[9 + at] = gpu.of(numbers(of.itemBias()));
    }

    private DeviceBuffer factors(FloatTable table) {
      boolean numberARow =
          job.optimizer() instanceof AdaGrad adaGrad
              && adaGrad.accumulator() == Accumulator.ROW
              && table.columns() < k;
      return numberARow ? gpu.of(numbers(table)) : gpu.table(numbers(table), table.columns());
    }

    void train(
        LaunchShape shape, long start, long count, int perGroup, float rate, DeviceBuffer errors) {
      float[] rule =
          switch (job.optimizer()) {
            case AdaGrad adaGrad -> new float[] {0, 0, (float) adaGrad.epsilon()};
            case LazyAdam adam ->
                new float[] {
                  (float) (1 - adam.beta1()), (float) (1 - adam.beta2()), (float) adam.epsilon()
                };
            default -> new float[3];
          };
      Object[] rest = {
        Gpu.vectors(k),
        k,
        Gpu.group(k),
        job.offset(),
        users,
        items,
        values,
        weights,
        start,
        count,
        perGroup,
        rate,
        rule[0],
        rule[1],
        rule[2],
        2 * REGULARIZATION,
        2 * BIAS_REGULARIZATION,
        errors
      };
      Object[] all = Stream.concat(Arrays.stream(tables), Arrays.stream(rest)).toArray();
      gpu.run("ratings", kernel(job.optimizer(), k), shape, all);
    }

    float[] rows(int at) {
      return gpu.rows((DeviceBuffer) tables[at], k);
    }

    float[] biases(int at) {
      return gpu.floats((DeviceBuffer) tables[at]);
    }
  }

  private static float[] numbers(@Nullable FloatTable table) {
    return requireNonNull(table).segment().toArray(FloatTable.LAYOUT);
  }

  private static double[] doubles(@Nullable FloatTable table) {
    float[] numbers = numbers(table);
    return IntStream.range(0, numbers.length).mapToDouble(at -> numbers[at]).toArray();
  }

  /** The learning rate of a rating: for Adam with its correction of both moments. */
  private static float rate(Optimizer optimizer, long step) {
    double rate = optimizer.learningRate().at(step, 1);
    if (optimizer instanceof LazyAdam adam) {
      double t = step + 1.0;
      rate *= Math.sqrt(1 - Math.pow(adam.beta2(), t)) / (1 - Math.pow(adam.beta1(), t));
    }
    return (float) rate;
  }

  @ParameterizedTest
  @MethodSource("optimizersAndBindings")
  void oneGroupTrainsAsTheScalarBackendInBatchesOfOne(Optimizer optimizer, String binding) {
    for (int k : Sizes.FACTORS) {
      int count = k > 100 ? 40 : 120;
      TrainingJob job = job(ratings(count, k % 2 == 0), k, optimizer);
      try (TrainingSession oracle = Backends.select("scalar").backend().openTraining(job);
          Gpu gpu = Gpu.open(binding)) {
        EpochTotals totals = oracle.run(0, 0, count);
        OnDevice device = new OnDevice(gpu, job);
        DeviceBuffer errors = gpu.allocate(8);
        double squaredErrors = 0;
        boolean oneByOne = optimizer instanceof LazyAdam; // its rate changes with every rating
        for (int from = 0; from < count; from += oneByOne ? 1 : count) {
          int now = oneByOne ? 1 : count;
          device.train(LaunchShape.of(1, 64), from, now, now, rate(optimizer, from), errors);
          squaredErrors += gpu.doubles(errors)[0];
        }
        // A rating's roundings go into those after it that share a row: about a tenth of them.
        double tolerance = 4 * Near.tolerance(k + count);
        Weights expected = oracle.weights(Slot.CURRENT);
        String what = optimizer + ", k = " + k;
        assertNear(doubles(expected.userFactors()), device.rows(0), tolerance, 1, what);
        assertNear(doubles(expected.itemFactors()), device.rows(6), tolerance, 1, what);
        assertNear(doubles(expected.userBias()), device.biases(3), tolerance, 1, what);
        assertNear(doubles(expected.itemBias()), device.biases(9), tolerance, 1, what);
        assertEquals(totals.squaredError(), squaredErrors, tolerance * totals.squaredError(), what);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("optimizersAndBindings")
  void ratingsThatShareNoRowHaveTheSameBitsInAnyLaunch(Optimizer optimizer, String binding) {
    int count = Math.min(USERS, ITEMS);
    int[] diagonal = IntStream.range(0, count).toArray();
    float[] values = new Draws(1).floats(count, 1, 5);
    Ratings ratings = Ratings.of(diagonal, diagonal, values, USERS, ITEMS);
    for (int k : new int[] {3, 64, 200}) {
      TrainingJob job = job(ratings, k, optimizer);
      float[][] expected = null;
      for (int launch = 0; launch < 12; launch++) {
        try (Gpu gpu = Gpu.open(binding)) {
          TestDriver.standIn().seed(launch);
          OnDevice device = new OnDevice(gpu, job);
          int blocks = 1 + launch % 4;
          device.train(
              LaunchShape.of(blocks, 32 * (1 + launch % 3)),
              0,
              count,
              1 + launch % 5,
              rate(optimizer, 0),
              gpu.allocate(8L * blocks));
          float[][] now = {device.rows(0), device.rows(6), device.biases(3), device.biases(9)};
          expected = expected == null ? now : expected;
          for (int table = 0; table < now.length; table++) {
            assertArrayEquals(expected[table], now[table], optimizer + ", launch " + launch);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void groupsThatShareRowsLearnNevertheless(String binding) {
    int count = 3000;
    Ratings planted = SyntheticRatings.movieLensLike().withSize(150, 100, count).generate();
    TrainingJob job = job(planted, 16, new Sgd(0.02));
    try (Gpu gpu = Gpu.open(binding)) {
      OnDevice device = new OnDevice(gpu, job);
      DeviceBuffer errors = gpu.allocate(8L * 8);
      double first = 0;
      double last = 0;
      for (int epoch = 0; epoch < 5; epoch++) {
        device.train(LaunchShape.of(8, 128), 0, count, 16, 0.02f, errors);
        last = Arrays.stream(gpu.doubles(errors)).sum();
        first = epoch == 0 ? last : first;
      }
      double start = first / count;
      double end = last / count;
      assertTrue(end < 0.8 * start, () -> "mean squared error " + start + ", then " + end);
    }
  }
}
