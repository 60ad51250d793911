package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.EarlyStopping;
import io.github.gpumf.train.TrainingListener;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingPlan;
import io.github.gpumf.train.TrainingResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a training takes is known before, and a device that has not as much is no disaster. */
final class MemoryTest {
  /** Of the stand-in at its start. */
  private static final long MEMORY = 2L << 30;

  private static final int OUT_OF_MEMORY = 2;

  private final Backend backend = TestBackend.get();
  private final StandIn standIn = TestDriver.standIn();

  @BeforeEach
  void warmUp() {
    // Modules are compiled once and stay, so they are none of a training's.
    try (TrainingSession session = backend.openTraining(job(ratings(300), Mf.l2(3, 0.1), 64))) {
      session.keep(Slot.BEST);
      session.squaredError(ratings(50));
    }
    for (Optimizer optimizer : Jobs.PER_RATING) {
      for (Precision precision : Precision.values()) {
        TrainingJob job = Jobs.perRating(ratings(300), Mf.biased(3), optimizer, precision);
        try (TrainingSession session = backend.openTraining(job)) {
          session.keep(Slot.BEST);
          session.squaredError(ratings(50));
        }
      }
    }
  }

  @AfterEach
  void giveBack() {
    standIn.resetCounts();
    standIn.memory(MEMORY);
  }

  private static Ratings ratings(int count) {
    return Training.ratings(count, false);
  }

  private static TrainingJob job(Ratings ratings, Mf spec, int batchSize) {
    return Training.job(ratings, spec, new Adam(0.01), batchSize);
  }

  private long allocated() {
    return standIn.alive().getOrDefault("allocated_bytes", -1L);
  }

  static List<Arguments> trainings() {
    List<Arguments> all = new ArrayList<>();
    List<Optimizer> optimizers =
        List.of(
            new Sgd(0.01),
            new Adam(0.01),
            new LazyAdam(0.01),
            new AdaGrad(0.01),
            new AdaGrad(LearningRate.constant(0.01), AdaGrad.Accumulator.ROW, 1e-7));
    for (Optimizer optimizer : optimizers) {
      for (Mf spec : List.of(Mf.basic(1), Mf.l2(6, 0.1), Mf.biased(5), Mf.biased(130))) {
        for (boolean weighted : new boolean[] {false, true}) {
          all.add(Arguments.of(optimizer, spec, weighted, 1));
          all.add(Arguments.of(optimizer, spec, weighted, 100));
          all.add(Arguments.of(optimizer, spec, weighted, 100_000));
        }
      }
    }
    return all;
  }

  /** All that a training allocates in its life fits what was planned, and not a byte less does. */
  @ParameterizedTest
  @MethodSource("trainings")
  void plansAreRightToTheByte(Optimizer optimizer, Mf spec, boolean weighted, int batchSize) {
    Ratings ratings = Training.ratings(777, weighted);
    assertPlanned(
        TrainingShape.of(ratings, spec, optimizer, batchSize, 1),
        Training.job(ratings, spec, optimizer, batchSize));
  }

  static List<Arguments> trainingsPerRating() {
    List<Arguments> all = new ArrayList<>();
    for (Optimizer optimizer : Jobs.PER_RATING) {
      for (int factors : new int[] {1, 5, 130}) {
        for (int count : new int[] {1, 777}) {
          for (Precision precision : Precision.values()) {
            all.add(Arguments.of(optimizer, precision, factors, count, false));
            all.add(Arguments.of(optimizer, precision, factors, count, true));
          }
        }
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("trainingsPerRating")
  void plansWithAnUpdatePerRatingAreRightToTheByte(
      Optimizer optimizer, Precision precision, int factors, int count, boolean weighted) {
    Ratings ratings = Training.ratings(count, weighted);
    Mf spec = Mf.biased(factors);
    assertPlanned(
        TrainingShape.of(ratings, spec, optimizer, 1, 1)
            .withUpdates(Updates.PER_RATING)
            .withPrecision(precision),
        Jobs.perRating(ratings, spec, optimizer, precision));
  }

  /** 37 users and 23 items; a row of 64 halves is 128 bytes, and biases stay floats. */
  @Test
  void halvesTakeHalfOfTheFactorsMemory() {
    TrainingShape shape =
        TrainingShape.of(Training.ratings(50, false), Mf.biased(64), new LazyAdam(0.01), 1, 1)
            .withUpdates(Updates.PER_RATING);
    long biases = 4 * (40 + 24);
    MemoryPlan floats = backend.plan(shape);
    MemoryPlan halves = backend.plan(shape.withPrecision(Precision.HALF));
    assertEquals(60 * 256 + biases, part(floats, "weights"));
    assertEquals(60 * 128 + biases, part(halves, "weights"));
    assertEquals(part(floats, "optimizer state"), part(halves, "optimizer state"));
  }

  private void assertPlanned(TrainingShape shape, TrainingJob job) {
    Ratings heldOut = Training.ratings(99, true);
    MemoryPlan opening = backend.plan(shape);
    MemoryPlan whole = backend.plan(shape.withHeldOut(heldOut.size(), true));
    long before = allocated();
    assertEquals(MEMORY - before, whole.freeBytes().getAsLong());
    standIn.memory(before + whole.neededBytes());
    try (TrainingSession session = backend.openTraining(job)) {
      assertEquals(opening.neededBytes(), allocated() - before, "after opening: " + opening);
      session.keep(Slot.LAST_GOOD);
      session.run(0, 0, 1);
      session.keep(Slot.LAST_GOOD);
      assertEquals(opening.neededBytes(), allocated() - before, "the last good are on the host");
      session.keep(Slot.BEST);
      assertEquals(part(whole, "weights"), part(whole, "weights of the best epoch"));
      assertEquals(
          opening.neededBytes() + part(whole, "weights"), allocated() - before, "after keep");
      session.squaredError(heldOut);
      standIn.memory(allocated() + part(whole, "held-out ratings") - 12 * heldOut.size() - 1);
      assertThrows(DeviceException.class, () -> session.squaredError(heldOut));
    }
    assertEquals(before, allocated());
  }

  private static long part(MemoryPlan plan, String name) {
    return plan.parts().stream()
        .filter(part -> part.name().equals(name))
        .mapToLong(MemoryPlan.Part::bytes)
        .sum();
  }

  @Test
  void planningAllocatesNothing() {
    standIn.resetCounts();
    Map<String, Long> before = standIn.alive();
    TrainingOptions options = TrainingOptions.builder(new Adam(0.01)).backend("cuda").build();
    TrainingPlan plan = GpuMf.plan(ratings(500), Mf.biased(8), options);
    assertEquals(before, standIn.alive());
    assertEquals(0, standIn.calls("cuMemAlloc"));
    assertTrue(plan.backend().startsWith("cuda: asked for by name, GPU 0"), plan.backend());
    assertEquals(6000, part(plan.memory(), "ratings"));
    assertEquals(0, part(plan.memory(), "held-out ratings"));
    TrainingPlan withHeldOut =
        GpuMf.plan(
            ratings(500),
            ratings(100),
            Mf.biased(8),
            options.toBuilder().earlyStopping(new EarlyStopping(2)).build());
    assertTrue(part(withHeldOut.memory(), "held-out ratings") >= 1200);
    assertTrue(part(withHeldOut.memory(), "weights of the best epoch") > 0);
  }

  @Test
  void byNameATrainingThatDoesNotFitIsRefusedWithTheNumbers() {
    Map<String, Long> before = standIn.alive();
    TrainingOptions options = TrainingOptions.builder(new Adam(0.01)).backend("cuda").build();
    // As much as four factors need when ratings stream a batch at a time.
    standIn.memory(allocated() + 1);
    long four = GpuMf.plan(ratings(500), Mf.biased(4), options).memory().neededBytes();
    standIn.memory(allocated() + four);
    TrainingPlan plan = GpuMf.plan(ratings(500), Mf.biased(8), options);
    assertFalse(plan.memory().fits());
    DeviceException refusal =
        assertThrows(DeviceException.class, () -> GpuMf.train(ratings(500), Mf.biased(8), options));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(
        message.contains("the training needs " + MemoryPlan.text(plan.memory().neededBytes())),
        message);
    assertTrue(message.contains("two windows of streamed ratings 768 B, weights "), message);
    assertTrue(
        message.contains("and GPU 0 (")
            && message.contains(") has " + MemoryPlan.text(four) + " free"),
        message);
    // What it says would fit does, and no more than that.
    assertTrue(message.contains("free; use at most 4 factors, or use an optimizer with"), message);
    assertTrue(message.endsWith(", or use the host's memory (backend vector)"), message);
    assertTrue(GpuMf.plan(ratings(500), Mf.biased(4), options).memory().fits());
    assertFalse(GpuMf.plan(ratings(500), Mf.biased(5), options).memory().fits());
    GpuMf.train(ratings(500), Mf.biased(4), options);
    GpuMf.train(ratings(500), Mf.biased(8), options.toBuilder().optimizer(new Sgd(0.1)).build());
    assertEquals(before, standIn.alive());
  }

  /** Ratings do not stream with an update for each: what does not fit is refused. */
  @Test
  void ratingsThatAreVisitedOneByOneMustFit() {
    Map<String, Long> before = standIn.alive();
    TrainingOptions options =
        TrainingOptions.builder(new LazyAdam(0.01))
            .updates(Updates.PER_RATING)
            .epochs(1)
            .backend("cuda")
            .build();
    MemoryPlan needed = GpuMf.plan(ratings(500), Mf.biased(8), options).memory();
    assertEquals(
        500 * 24 + 8 * 16 + 32 * 3 * 3,
        part(needed, "ratings in order"),
        "and eight that are looked at ahead, and nine blocks");
    standIn.memory(allocated() + needed.neededBytes());
    GpuMf.train(ratings(500), Mf.biased(8), options);
    standIn.memory(allocated() + needed.neededBytes() - 1);
    DeviceException refusal =
        assertThrows(DeviceException.class, () -> GpuMf.train(ratings(500), Mf.biased(8), options));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("(ratings in order 12.1 KiB, weights "), message);
    assertTrue(
        message.contains(
            "free; use at most 4 factors, or use an optimizer without state (sgd), or use the host's memory"),
        message);
    assertFalse(message.contains("batches of at most"), message);
    // What it says would fit does.
    GpuMf.train(ratings(500), Mf.biased(4), options);
    GpuMf.train(ratings(500), Mf.biased(8), options.toBuilder().optimizer(new Sgd(0.1)).build());
    assertEquals(before, standIn.alive());
  }

  @Test
  void autoGoesToTheProcessorWithAWarning() {
    Map<String, Long> before = standIn.alive();
    List<String> heard = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void started(Start start) {
            heard.add(start.backend());
          }
        };
    TrainingOptions options =
        TrainingOptions.builder(new Adam(0.01)).epochs(2).listener(listener).build();
    assertTrue(
        GpuMf.plan(ratings(500), Mf.biased(8), options).backend().startsWith("cuda: chosen"));
    standIn.memory(allocated() + 4096);
    TrainingResult result = GpuMf.train(ratings(500), Mf.biased(8), options);
    assertTrue(
        result.backend().startsWith("cuda: warning, passed over, the training needs "),
        result::backend);
    assertTrue(result.backend().contains("; vector: chosen, "), result::backend);
    assertEquals(List.of(result.backend()), heard);
    assertEquals(2, result.history().size());
    TrainingPlan plan = GpuMf.plan(ratings(500), Mf.biased(8), options);
    assertEquals("host", plan.memory().memory());
    assertEquals(result.backend(), plan.backend());
    assertEquals(before, standIn.alive());
  }

  /** What was asked for and is not done in the place that was found is said where it is named. */
  @Test
  void halfPrecisionIsForTheGpuThatWasPassedOver() {
    TrainingOptions options =
        TrainingOptions.builder(new Sgd(0.01))
            .updates(Updates.PER_RATING)
            .precision(Precision.HALF)
            .epochs(1)
            .build();
    TrainingResult onGpu = GpuMf.train(ratings(500), Mf.biased(8), options);
    assertFalse(onGpu.backend().contains("floats"), onGpu::backend);
    assertEquals("HALF", onGpu.model().provenance().get("precision"));
    standIn.memory(allocated() + 4096);
    TrainingResult onProcessor = GpuMf.train(ratings(500), Mf.biased(8), options);
    String said = "; factors are stored as floats, since vector gains nothing by half precision";
    assertTrue(onProcessor.backend().contains("; vector: chosen, "), onProcessor::backend);
    assertTrue(onProcessor.backend().endsWith(said), onProcessor::backend);
    assertEquals("SINGLE", onProcessor.model().provenance().get("precision"));
    TrainingPlan plan = GpuMf.plan(ratings(500), Mf.biased(8), options);
    assertEquals(onProcessor.backend(), plan.backend());
  }

  /** Another process may take what was free a moment ago. */
  @Test
  void memoryThatIsGoneWhenItIsNeededLeavesNothingBehind() {
    Map<String, Long> before = standIn.alive();
    TrainingOptions options =
        TrainingOptions.builder(new Adam(0.01)).epochs(1).backend("cuda").build();
    assertLeavesNothing(options, before);
  }

  @Test
  void norWhereRatingsAreVisitedOneByOne() {
    assertLeavesNothing(
        TrainingOptions.builder(new LazyAdam(0.01))
            .updates(Updates.PER_RATING)
            .epochs(1)
            .backend("cuda")
            .build(),
        standIn.alive());
  }

  private void assertLeavesNothing(TrainingOptions options, Map<String, Long> before) {
    standIn.resetCounts();
    MfModel expected = GpuMf.train(ratings(200), Mf.biased(4), options).model();
    long uses = standIn.calls("cuMemAlloc");
    assertTrue(uses > 10, uses + " allocations");
    for (int use = 1; use <= uses; use++) {
      standIn.resetCounts();
      standIn.failCall("cuMemAlloc", use, OUT_OF_MEMORY);
      try {
        // Ratings that find no room on the device stream there, if that is all that was missing.
        MfModel streamed = GpuMf.train(ratings(200), Mf.biased(4), options).model();
        assertEquals(expected.predictAt(0, 0), streamed.predictAt(0, 0), "at " + use);
      } catch (DeviceException failure) {
        assertTrue(
            String.valueOf(failure.getMessage()).contains("the training needs "), "at " + use);
      }
      assertEquals(before, standIn.alive(), "allocation " + use);
      standIn.failCall("cuMemAlloc", use, OUT_OF_MEMORY);
      TrainingResult result =
          GpuMf.train(ratings(200), Mf.biased(4), options.toBuilder().backend("auto").build());
      assertTrue(result.backend().contains(": chosen, "), result::backend);
      assertEquals(before, standIn.alive(), "allocation " + use);
    }
  }

  /** What cannot be page-locked is kept in other memory. */
  @Test
  void withoutPinnedMemoryTheLastGoodWeightsAreKept() {
    Mf spec = Mf.biased(5);
    try (TrainingSession session = backend.openTraining(job(ratings(300), spec, 64))) {
      standIn.resetCounts();
      standIn.failCall("cuMemHostAlloc", 1, OUT_OF_MEMORY);
      assertTrue(session.keep(Slot.LAST_GOOD));
      io.github.gpumf.backend.WeightsAssert.assertSameBits(
          session.weights(Slot.CURRENT), session.weights(Slot.LAST_GOOD), "kept");
      assertEquals(1, standIn.calls("cuMemHostAlloc"));
    }
  }
}
