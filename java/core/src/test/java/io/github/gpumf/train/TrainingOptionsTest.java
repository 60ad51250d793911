package io.github.gpumf.train;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Thrown;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TrainingOptionsTest {
  private static final TrainingListener LISTENER = new TrainingListener() {};

  @Test
  void kerasHasItsDefaults() {
    TrainingOptions options = TrainingOptions.keras();
    assertEquals(new Adam(LearningRate.constant(0.001), 0.9, 0.999, 1e-7), options.optimizer());
    assertEquals(32, options.batchSize());
    assertEquals(10, options.epochs());
    assertOtherwiseDefault(options);
  }

  @Test
  void tunedHasItsNumbers() {
    TrainingOptions options = TrainingOptions.tuned();
    assertEquals(new Sgd(LearningRate.cosine(17.0 / 1024, 20)), options.optimizer());
    assertEquals(Updates.PER_RATING, options.updates());
    assertEquals(20, options.epochs());
    assertOtherwiseDefault(options);
  }

  @Test
  void tunedRatesGrowWithTheBatch() {
    assertEquals(new Sgd(LearningRate.cosine(17, 20)), TrainingOptions.tuned(1024).optimizer());
    assertEquals(1024, TrainingOptions.tuned(1024).batchSize());
    assertEquals(Updates.PER_BATCH, TrainingOptions.tuned(1024).updates());
    assertEquals(
        new Sgd(LearningRate.cosine(17.0 / 1024, 20)), TrainingOptions.tuned(1).optimizer());
  }

  @Test
  void aCosineGoesOverAllEpochs() {
    TrainingOptions options = TrainingOptions.tuned().withEpochs(5);
    assertEquals(5, options.epochs());
    assertEquals(new Sgd(LearningRate.cosine(17.0 / 1024, 5)), options.optimizer());
    assertEquals(Updates.PER_RATING, options.updates());
    LearningRate withFloor = new LearningRate(0.1, new LearningRate.Cosine(10, 0.2), 1.5);
    assertEquals(
        new Adam(new LearningRate(0.1, new LearningRate.Cosine(3, 0.2), 1.5)),
        TrainingOptions.builder(new Adam(withFloor)).build().withEpochs(3).optimizer());
    for (LearningRate other :
        List.of(
            LearningRate.constant(0.1),
            LearningRate.exponential(0.1, 0.9),
            LearningRate.cosine(0.1, 7))) {
      TrainingOptions longer = TrainingOptions.builder(new Sgd(other)).build().withEpochs(12);
      assertEquals(12, longer.epochs());
      assertEquals(new Sgd(other), longer.optimizer());
    }
    assertIllegal("epochs must be at least 1, not 0", () -> TrainingOptions.tuned().withEpochs(0));
  }

  @Test
  void eachHeadHasItsTunedOptions() {
    TrainingOptions biased = TrainingOptions.tunedFor(Mf.biased(8));
    assertEquals(TrainingOptions.tuned().optimizer(), biased.optimizer());
    assertEquals(Updates.PER_RATING, biased.updates());
    assertEquals(20, biased.epochs());
    TrainingOptions withL2 = TrainingOptions.tunedFor(Mf.biased(8).withL2(0.1));
    assertEquals(Updates.PER_BATCH, withL2.updates());
    assertEquals(TrainingOptions.tuned(256).optimizer(), withL2.optimizer());
    for (Mf dense : List.of(Mf.basic(8), Mf.l2(8, 1e-4))) {
      TrainingOptions options = TrainingOptions.tunedFor(dense);
      assertEquals(new LazyAdam(LearningRate.cosine(0.002, 5)), options.optimizer());
      assertEquals(5, options.epochs());
      assertEquals(256, options.batchSize());
      assertOtherwiseDefault(options);
    }
  }

  @Test
  void tunedOptionsFitTheRatings() {
    assertTuned(256, 1, cycle(2_560, 4)); // as on MovieLens
    assertTuned(7, 1, cycle(7, 4)); // a batch is not larger than the set
    assertTuned(23, 1, oneUser(1_024)); // nor does it hold more of one row
    // 257 = 228 + 29, the first size below 256 with an eighth of it or more in the last batch.
    assertTuned(228, 1, cycle(257, 4));
    assertTuned(256, 25, cycle(2_560, 100)); // percents
    assertTuned(256, 0.25, cycle(2_560, 1)); // yes and no
    Mf dense = Mf.basic(8);
    assertEquals(
        TrainingOptions.tunedFor(dense).optimizer(),
        TrainingOptions.tunedFor(dense, oneUser(1_024)).optimizer());
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 0, 0);
    assertEquals(256, TrainingOptions.tunedInBatchesFor(Mf.biased(8), none).batchSize());
    assertEquals(Updates.PER_RATING, TrainingOptions.tunedFor(Mf.biased(8), none).updates());
  }

  @Test
  void tunedRatesAreThoseOfBatchesThatAreFull() {
    assertEquals(17.0 * 7 / 1024, TrainingOptions.tunedRate(cycle(7, 4), 1000));
    assertEquals(17, TrainingOptions.tunedRate(cycle(2_560, 4), 1024));
  }

  private static void assertTuned(int batchSize, double unit, Ratings ratings) {
    TrainingOptions perRating = TrainingOptions.tunedFor(Mf.biased(8), ratings);
    assertEquals(Updates.PER_RATING, perRating.updates());
    assertEquals(
        new Sgd(LearningRate.cosine(17.0 / 1024, 20)), perRating.optimizer(), ratings.toString());
    assertEquals(unit, perRating.ratingUnit());
    assertOtherwiseDefault(perRating);
    TrainingOptions options = TrainingOptions.tunedInBatchesFor(Mf.biased(8), ratings);
    assertEquals(Updates.PER_BATCH, options.updates());
    assertEquals(batchSize, options.batchSize(), ratings.toString());
    assertEquals(
        new Sgd(LearningRate.cosine(17.0 * batchSize / 1024, 20)),
        options.optimizer(),
        ratings.toString());
    assertEquals(unit, options.ratingUnit());
    assertEquals(20, options.epochs());
    assertOtherwiseDefault(options);
  }

  @ParameterizedTest
  @CsvSource({
    "4, 1",
    "4.5, 1",
    "5.25, 1",
    "5.5, 1.375",
    "9, 2.25",
    "3, 1",
    "2.5, 0.625",
    "1, 0.25",
    "100, 25",
    "0.0625, 0.015625",
    "0x1p120, 0x1p118",
    "0, 1"
  })
  void theUnitMakesRatingsSpanFour(float span, double unit) {
    assertEquals(unit, TrainingOptions.tunedUnit(cycle(100, span)));
    assertEquals(unit, TrainingOptions.tunedFor(Mf.basic(3), cycle(100, span)).ratingUnit());
  }

  /** One of 100 at either end may be anything; a second one makes the difference. */
  @Test
  void theUnitIsThatOfMostRatings() {
    float[] values = new float[200];
    for (int row = 0; row < values.length; row++) {
      values[row] = 1 + row % 5;
    }
    values[17] = 5000;
    values[18] = -7e9f;
    assertEquals(1, TrainingOptions.tunedUnit(ofValues(values)));
    values[19] = 5000;
    values[20] = 5000;
    assertEquals(4999.0 / 4, TrainingOptions.tunedUnit(ofValues(values)));
    // Where nearly all are the same, it is that of the few others.
    Arrays.fill(values, 1);
    values[17] = 0;
    assertEquals(0.25, TrainingOptions.tunedUnit(ofValues(values)));
    assertEquals(1, TrainingOptions.tunedUnit(ofValues(new float[0])));
  }

  private static Ratings ofValues(float[] values) {
    int[] ids = new int[values.length];
    return Ratings.of(ids, ids, values, 1, 1);
  }

  /** As many ratings of each of 64 users and items as can be, from 0 to the span. */
  private static Ratings cycle(int count, float span) {
    int[] ids = new int[count];
    float[] values = new float[count];
    for (int row = 0; row < count; row++) {
      ids[row] = row % 64;
      values[row] = row % 2 == 0 ? 0 : span;
    }
    return Ratings.of(ids, ids, values, 64, 64);
  }

  private static Ratings oneUser(int count) {
    return Ratings.of(
        new int[count], IntStream.range(0, count).toArray(), new float[count], 1, count);
  }

  private static void assertOtherwiseDefault(TrainingOptions options) {
    assertEquals(0, options.seed());
    assertTrue(options.shuffle());
    assertEquals(Runtime.getRuntime().availableProcessors(), options.threads());
    assertEquals("auto", options.backend());
    assertTrue(options.keepSeenItems());
    assertTrue(options.earlyStopping().isEmpty());
    assertTrue(options.checkpointing().isEmpty());
    assertTrue(options.cancellation().isEmpty());
    assertEquals(List.of(), options.listeners());
  }

  @Test
  void aBuilderKeepsWhatItWasGiven() {
    EarlyStopping stopping = new EarlyStopping(3, 0.01, false);
    Checkpointing checkpointing = new Checkpointing(Path.of("here"), 2, true);
    Cancellation cancellation = new Cancellation();
    TrainingOptions options =
        TrainingOptions.builder(new Sgd(1))
            .epochs(4)
            .batchSize(5)
            .ratingUnit(0.5)
            .optimizer(new Sgd(2))
            .seed(-6)
            .shuffle(false)
            .threads(7)
            .backend("scalar")
            .keepSeenItems(false)
            .earlyStopping(stopping)
            .checkpointing(checkpointing)
            .cancellation(cancellation)
            .listener(LISTENER)
            .build();
    for (TrainingOptions same : List.of(options, options.toBuilder().build())) {
      assertEquals(4, same.epochs());
      assertEquals(5, same.batchSize());
      assertEquals(0.5, same.ratingUnit());
      assertEquals(new Sgd(2), same.optimizer());
      assertEquals(-6, same.seed());
      assertFalse(same.shuffle());
      assertEquals(7, same.threads());
      assertEquals("scalar", same.backend());
      assertFalse(same.keepSeenItems());
      assertEquals(Optional.of(stopping), same.earlyStopping());
      assertEquals(Optional.of(checkpointing), same.checkpointing());
      assertEquals(Optional.of(cancellation), same.cancellation());
      assertEquals(List.of(LISTENER), same.listeners());
    }
    TrainingOptions without =
        options.toBuilder().earlyStopping(null).checkpointing(null).cancellation(null).build();
    assertTrue(without.earlyStopping().isEmpty());
    assertTrue(without.checkpointing().isEmpty());
    assertTrue(without.cancellation().isEmpty());
  }

  @Test
  void builtOptionsDoNotChange() {
    TrainingOptions.Builder builder = TrainingOptions.builder(new Sgd(1)).epochs(3);
    TrainingOptions options = builder.build();
    builder.epochs(4).listener(LISTENER);
    assertEquals(3, options.epochs());
    assertEquals(List.of(), options.listeners());
    assertThrows(UnsupportedOperationException.class, () -> options.listeners().add(LISTENER));
    options.toBuilder().epochs(9).listener(LISTENER);
    assertEquals(3, options.epochs());
    assertNotEquals(9, options.toBuilder().build().epochs());
  }

  @Test
  void countsAreAtLeastOne() {
    TrainingOptions.Builder builder = TrainingOptions.builder(new Sgd(1));
    for (int bad : new int[] {0, -1, Integer.MIN_VALUE}) {
      assertIllegal("epochs must be at least 1, not " + bad, () -> builder.epochs(bad));
      assertIllegal("batch size must be at least 1, not " + bad, () -> builder.batchSize(bad));
      assertIllegal("threads must be in 1..1024, not " + bad, () -> builder.threads(bad));
      assertIllegal("patience must be at least 1 epoch, not " + bad, () -> new EarlyStopping(bad));
      assertIllegal(
          "checkpoints need an interval of at least 1 epoch, not " + bad,
          () -> new Checkpointing(Path.of("here"), bad, false));
    }
    assertIllegal("threads must be in 1..1024, not 1025", () -> builder.threads(1025));
    assertEquals(1024, builder.threads(1024).build().threads());
    assertEquals(1, builder.epochs(1).batchSize(1).threads(1).build().batchSize());
  }

  @Test
  @SuppressWarnings("NullAway")
  void nullsAreNamedWhereTheyAreGiven() {
    TrainingOptions.Builder builder = TrainingOptions.builder(new Sgd(1));
    TrainingOptions options = builder.build();
    assertNamed("optimizer", () -> TrainingOptions.builder(null));
    assertNamed("optimizer", () -> builder.optimizer(null));
    assertNamed("updates", () -> builder.updates(null));
    assertNamed("precision", () -> builder.precision(null));
    assertNamed("backend", () -> builder.backend(null));
    assertNamed("listener", () -> builder.listener(null));
    assertNamed("directory", () -> new Checkpointing(null, 1, false));
    assertNamed("ratings", () -> new Trainer(null, null, Mf.biased(2), options));
    assertNamed("spec", () -> new Trainer(Trainings.RATINGS, null, null, options));
    assertNamed("options", () -> new Trainer(Trainings.RATINGS, null, Mf.biased(2), null));
    assertNamed("initializer", () -> Mf.biased(2).withInitializer(null));
    for (Executable of :
        List.<Executable>of(
            () -> new Sgd(null),
            () -> new Adam(null),
            () -> new LazyAdam(null),
            () -> new AdaGrad(null))) {
      assertNamed("learningRate", of);
    }
  }

  private static void assertNamed(String name, Executable action) {
    assertEquals(name, Thrown.message(NullPointerException.class, action));
  }

  @Test
  void improvementsAreFinite() {
    assertEquals(new EarlyStopping(4, 0, true), new EarlyStopping(4));
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertIllegal(
          "the least improvement must be finite and at least 0, not " + bad,
          () -> new EarlyStopping(4, bad, true));
    }
  }
}
