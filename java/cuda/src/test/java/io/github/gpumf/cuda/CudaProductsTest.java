package io.github.gpumf.cuda;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.Scorer.TopItems;
import io.github.gpumf.cuda.driver.CublasException;
import io.github.gpumf.cuda.driver.CublasProbe;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that cuBLAS helps to find are those of our own kernel, bit for bit. */
final class CudaProductsTest {
  private static final int USERS = 40;

  /** Every third of the first items. */
  private static final Exclusions SOME =
      user -> IntStream.range(0, 50).map(at -> 3 * at + user % 3).toArray();

  @AfterEach
  void computeExactly() {
    StandIn.find().ifPresent(found -> StandIn.tensorCores(false));
  }

  private static MfModel model(Mf spec, int items, float reach) {
    return model(spec, weights(spec, items, reach));
  }

  private static Weights weights(Mf spec, int items, float reach) {
    Weights weights = Weights.zeros(spec.head(), USERS, items, spec.factors(), Arena.ofAuto());
    Draws draws = new Draws(items + spec.factors());
    fill(weights.userFactors(), draws, reach);
    fill(weights.itemFactors(), draws, reach);
    fill(weights.userBias(), draws, reach);
    fill(weights.itemBias(), draws, reach);
    fill(weights.dense(), draws, reach);
    return weights;
  }

  private static MfModel model(Mf spec, Weights weights) {
    return new MfModel(
        spec,
        weights,
        IdMap.dense((int) weights.userFactors().rows()),
        IdMap.dense((int) weights.itemFactors().rows()),
        new RatingScale(3.5f, 1, 5),
        null,
        Map.of());
  }

  private static void fill(@Nullable FloatTable table, Draws draws, float reach) {
    if (table == null) {
      return;
    }
    float[] values = draws.floats((int) table.rows() * table.columns(), -reach, reach);
    for (int at = 0; at < values.length; at++) {
      table.set(at / table.columns(), at % table.columns(), values[at]);
    }
  }

  private static void assertSame(TopItems[] expected, TopItems[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int at = 0; at < expected.length; at++) {
      assertArrayEquals(expected[at].items(), actual[at].items(), what + ", answer " + at);
      for (int rank = 0; rank < expected[at].scores().length; rank++) {
        assertEquals(
            Float.floatToRawIntBits(expected[at].scores()[rank]),
            Float.floatToRawIntBits(actual[at].scores()[rank]),
            what + ", answer " + at);
      }
    }
  }

  /** How often the answers needed our own kernel, where that can be told. */
  private static long checkSame(ScorerOn way, MfModel model, int n, Exclusions out, String what) {
    int[] users = IntStream.range(0, USERS + 5).map(at -> at * 11 % USERS).toArray();
    TopItems[] expected;
    try (CudaScorer own = ScorerOn.JCUDA_AND_OWN_KERNEL.open(model)) {
      expected = own.topItems(users, n, out);
    }
    StandIn.find().ifPresent(StandIn::resetCounts);
    try (CudaScorer scorer = way.open(model)) {
      assertSame(expected, scorer.topItems(users, n, out), way + ", " + what);
    }
    return StandIn.find().map(found -> found.launches("score_items")).orElse(0L);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"JCUDA_AND_JCUBLAS", "JCUDA_AND_FOREIGN_CUBLAS", "FOREIGN_AND_FOREIGN_CUBLAS"})
  void answersAreTheSameBits(ScorerOn way) {
    for (int k : new int[] {1, 33, 64}) {
      for (Mf spec : List.of(Mf.biased(k).withMeanOffset(true), Mf.basic(k), Mf.tuned(k))) {
        MfModel model = model(spec, 700, 1);
        for (int n : new int[] {1, 10, 512, 513}) {
          checkSame(way, model, n, SOME, spec + ", n = " + n);
        }
      }
    }
  }

  @Test
  void ourOwnKernelIsNotNeeded() {
    TestDriver.standIn();
    MfModel model = model(Mf.biased(64), 3000, 1);
    assertEquals(
        0, checkSame(ScorerOn.JCUDA_AND_JCUBLAS, model, 10, SOME, "products as they should be"));
  }

  @Test
  void productsThatAreNotOfFloatsAreFoundOut() {
    TestDriver.standIn();
    MfModel model = model(Mf.biased(64), 3000, 1);
    for (ScorerOn way : List.of(ScorerOn.JCUDA_AND_JCUBLAS, ScorerOn.FOREIGN_AND_FOREIGN_CUBLAS)) {
      StandIn.tensorCores(true);
      assertTrue(checkSame(way, model, 50, Exclusions.NONE, "TF32") > 0);
    }
  }

  @Test
  void scoresThatLieCloseTogetherAreForOurOwnKernel() {
    int items = 3000;
    for (boolean factors : new boolean[] {false, true}) {
      Mf spec = Mf.biased(40);
      Weights weights = Weights.zeros(spec.head(), USERS, items, 40, Arena.ofAuto());
      if (factors) { // not equal, but no product can tell them apart
        fill(weights.userFactors(), new Draws(1), 1);
        float[] one = new Draws(2).floats(40, -1, 1);
        for (int item = 0; item < items; item++) {
          for (int column = 0; column < 40; column++) {
            float x = one[column];
            weights.itemFactors().set(item, column, item % 7 == column ? Math.nextUp(x) : x);
          }
        }
      }
      long launches =
          checkSame(ScorerOn.JCUDA_AND_JCUBLAS, model(spec, weights), 10, SOME, "close scores");
      assertTrue(launches > 0 || StandIn.find().isEmpty());
    }
  }

  /** The items are one another's but for a last bit: products put them into another order. */
  @Test
  void scoresThatProductsPutIntoAnotherOrderAreSortedRightly() {
    Mf spec = Mf.biased(40);
    Weights weights = weights(spec, 800, 1);
    for (int column = 0; column < 40; column++) {
      float x = weights.itemFactors().get(0, column);
      for (int item = 0; item < 800; item++) {
        weights.itemFactors().set(item, column, item * 7 % 40 == column ? Math.nextUp(x) : x);
      }
    }
    for (int item = 0; item < 800; item++) {
      requireNonNull(weights.itemBias()).set(item, 0, item % 5 * 1e-7f);
    }
    assertEquals(
        0, checkSame(ScorerOn.JCUDA_AND_JCUBLAS, model(spec, weights), 20, SOME, "last bits"));
  }

  @Test
  void scoresOfAnySizeAreExact() {
    // From sums that underflow to sums that nearly overflow, for which there is no bound.
    for (float reach : new float[] {0, 1e-30f, 1e-22f, 1e-10f, 1e10f, 1e18f}) {
      for (Mf spec : List.of(Mf.biased(20), Mf.basic(20))) {
        MfModel model = model(spec, 1500, reach);
        checkSame(ScorerOn.JCUDA_AND_JCUBLAS, model, 12, SOME, "reach " + reach);
      }
    }
  }

  @Test
  void oneUserWithoutABoundLeavesTheOthersTheirs() {
    Mf spec = Mf.biased(8);
    Weights weights = weights(spec, 400, 1);
    weights.userFactors().set(5, 3, 2e38f);
    long launches =
        checkSame(ScorerOn.JCUDA_AND_JCUBLAS, model(spec, weights), 12, SOME, "a long user");
    assertEquals(StandIn.find().isPresent() ? 1 : 0, launches);
  }

  @Test
  void aModelOfMoreThanFloatsHoldHasNoBound() {
    Mf spec = Mf.biased(8);
    assertNotNull(ScoreBound.of(model(spec, 400, 1)));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 3e38f}) {
      Weights factor = weights(spec, 400, 1);
      factor.itemFactors().set(399, 7, bad);
      assertNull(ScoreBound.of(model(spec, factor)), () -> "item factor " + bad);
      Weights bias = weights(spec, 400, 1);
      requireNonNull(bias.userBias()).set(0, 0, bad);
      assertNull(ScoreBound.of(model(spec, bias)), () -> "user bias " + bad);
    }
  }

  /** In double, with each float's products and sums in either order. */
  @Test
  void theBoundHolds() {
    for (int k : new int[] {1, 2, 17, 64, 1000}) {
      for (Mf spec : List.of(Mf.biased(k), Mf.basic(k))) {
        MfModel model = model(spec, 50, 1);
        ScoreBound bound = requireNonNull(ScoreBound.of(model));
        for (int user = 0; user < USERS; user++) {
          for (int item = 0; item < 50; item++) {
            checkBound(model, bound, user, item);
          }
        }
      }
    }
  }

  private static void checkBound(MfModel model, ScoreBound bound, int user, int item) {
    Weights weights = model.weights();
    FloatTable p = weights.userFactors();
    FloatTable q = weights.itemFactors();
    int k = p.columns();
    double squares = 0;
    float chain = 0;
    float products = 0;
    for (int at = 0; at < k; at++) {
      squares += (double) p.get(user, at) * p.get(user, at);
      chain = Math.fma(p.get(user, at), q.get(item, at), chain);
      products += p.get(user, k - 1 - at) * q.get(item, k - 1 - at);
    }
    double difference =
        Math.abs((double) score(weights, user, item, chain) - score(weights, user, item, products));
    assertTrue(
        difference <= bound.slope() * Math.sqrt(squares) + bound.base(),
        () -> "k = " + k + ", user " + user + ", item " + item + ": " + difference);
  }

  private static float score(Weights weights, int user, int item, float dot) {
    FloatTable dense = weights.dense();
    if (dense != null) {
      return Math.fma(dense.get(0, 0), dot, dense.get(0, 1));
    }
    FloatTable userBias = requireNonNull(weights.userBias());
    FloatTable itemBias = requireNonNull(weights.itemBias());
    return dot + (userBias.get(user, 0) + itemBias.get(item, 0));
  }

  @Test
  void handlesAreUsedAgainAndGivenBack() {
    StandIn standIn = TestDriver.standIn();
    MfModel model = model(Mf.biased(8), 100, 1);
    for (ScorerOn way : List.of(ScorerOn.JCUDA_AND_JCUBLAS, ScorerOn.FOREIGN_AND_FOREIGN_CUBLAS)) {
      way.open(model).close(); // the context and its kernels
      ask(way, model);
      Map<String, Long> before = standIn.alive();
      standIn.resetCounts();
      ask(way, model);
      assertEquals(before, standIn.alive(), way::toString);
      assertEquals(1, standIn.calls("cublasCreate"), way::toString);
      assertEquals(1, standIn.calls("cublasDestroy"), way::toString);
    }
  }

  private static void ask(ScorerOn way, MfModel model) {
    try (CudaScorer scorer = way.open(model)) {
      for (int time = 0; time < 20; time++) {
        assertEquals(3, scorer.topItems(new int[] {time}, 3, Exclusions.NONE)[0].items().length);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JCUDA_AND_JCUBLAS", "FOREIGN_AND_FOREIGN_CUBLAS"})
  void aFailingCallIsTheLastAndAnswersAreTheSame(ScorerOn way) {
    StandIn standIn = TestDriver.standIn();
    MfModel model = model(Mf.biased(8), 200, 1);
    int[] users = IntStream.range(0, USERS).toArray();
    TopItems[] expected;
    try (CudaScorer own = ScorerOn.JCUDA_AND_OWN_KERNEL.open(model)) {
      expected = own.topItems(users, 3, SOME);
    }
    ask(way, model);
    Map<String, Long> before = standIn.alive();
    for (String call :
        List.of("cublasCreate", "cublasSetMathMode", "cublasSetStream", "cublasSgemm")) {
      for (int status : new int[] {1, 3, 13, 14}) {
        standIn.resetCounts();
        standIn.failCall(call, 1, status);
        List<CublasException> failures = new ArrayList<>();
        try (CudaScorer scorer = way.open(model, failures::add)) {
          for (int time = 0; time < 3; time++) {
            assertSame(expected, scorer.topItems(users, 3, SOME), call + ", time " + time);
          }
          // What cuBLAS had is free again while the model is still served.
          assertEquals(
              standIn.calls("cublasCreate"), standIn.calls("cublasDestroy") + notMade(call));
        }
        assertEquals(1, standIn.calls(call), "is not asked again");
        assertEquals(3, standIn.launches("score_items"));
        assertEquals(1, failures.size(), failures::toString);
        assertClear(failures.getFirst(), call, status);
        assertEquals(before, standIn.alive(), call);
        ask(way, model);
      }
    }
  }

  /** How many handles a failing call has not made. */
  private static int notMade(String failing) {
    return failing.equals("cublasCreate") ? 1 : 0;
  }

  private static void assertClear(CublasException failure, String call, int status) {
    assertEquals(call, failure.call());
    assertEquals(status, failure.status());
    assertTrue(failure.toString().contains(call + " failed: CUBLAS_STATUS_"), failure::toString);
    assertTrue(failure.toString().endsWith("-Dgpumf.cublas=off"), failure::toString);
  }

  /** Other queries have had their products, and go on without. */
  @Test
  void aFailureInTheMiddleOfServingChangesNoAnswer() {
    StandIn standIn = TestDriver.standIn();
    MfModel model = model(Mf.biased(8), 200, 1);
    List<CublasException> failures = new ArrayList<>();
    try (CudaScorer scorer = ScorerOn.JCUDA_AND_JCUBLAS.open(model, failures::add)) {
      TopItems[] first = scorer.topItems(new int[] {4, 2}, 10, SOME);
      standIn.resetCounts();
      standIn.failCall("cublasSgemm", 1, 14);
      assertSame(first, scorer.topItems(new int[] {4, 2}, 10, SOME), "at the failure");
      assertSame(first, scorer.topItems(new int[] {4, 2}, 10, SOME), "after it");
      assertEquals(1, standIn.calls("cublasDestroy"));
    }
    assertEquals(1, failures.size(), failures::toString);
  }

  @Test
  void aHandleThatCannotBeDestroyedKeepsNothingElse() {
    StandIn standIn = TestDriver.standIn();
    MfModel model = model(Mf.biased(8), 100, 1);
    ask(ScorerOn.JCUDA_AND_JCUBLAS, model);
    Map<String, Long> before = standIn.alive();
    List<CublasException> failures = new ArrayList<>();
    try (CudaScorer scorer = ScorerOn.JCUDA_AND_JCUBLAS.open(model, failures::add)) {
      scorer.topItems(new int[] {0}, 3, Exclusions.NONE);
      standIn.resetCounts();
      standIn.failCall("cublasDestroy", 1, 13);
    }
    assertEquals(1, failures.size(), failures::toString);
    assertClear(failures.getFirst(), "cublasDestroy", 13);
    assertEquals(before.get("streams"), standIn.alive().get("streams"));
  }

  /** A nearly full GPU has no room for cuBLAS: lists come all the same, and doctor knows why. */
  @Test
  void theFindingSaysOnceWhatFailed() {
    Gpus gpus = new Gpus(TestDriver.of(CudaDrivers.preferred()));
    StandIn standIn = TestDriver.standIn();
    Backend backend = gpus.backend(gpus.find("0"));
    assertTrue(cublas(backend).on());
    MfModel model = model(Mf.biased(8), 100, 1);
    for (int status : new int[] {3, 14}) {
      standIn.failCall("cublasCreate", 1, status);
      try (Scorer scorer = backend.openScorer(model)) {
        assertEquals(3, scorer.topItems(new int[] {0}, 3, Exclusions.NONE)[0].items().length);
      }
      Finding finding = cublas(backend);
      assertFalse(finding.on());
      assertTrue(
          finding
              .text()
              .startsWith("12.6.0, but cublasCreate failed: CUBLAS_STATUS_ALLOC_FAILED (3); "),
          finding::text);
      assertTrue(String.valueOf(finding.remedy()).contains("stop other processes"));
    }
  }

  private static Finding cublas(Backend backend) {
    List<Finding> all =
        backend.findings().stream().filter(each -> each.subject().equals("cuBLAS")).toList();
    assertEquals(1, all.size());
    return all.getFirst();
  }

  @Test
  void anotherThreadsQueryHasAHandleOfItsOwn() throws Exception {
    StandIn standIn = TestDriver.standIn();
    MfModel model = model(Mf.biased(8), 100, 1);
    standIn.resetCounts();
    try (CudaScorer scorer = ScorerOn.JCUDA_AND_JCUBLAS.open(model)) {
      // While the outer query waits for its exclusions it holds a handle.
      scorer.topItems(
          new int[] {0},
          3,
          user -> {
            Thread other =
                Thread.ofPlatform().start(() -> scorer.topItems(new int[] {1}, 3, Exclusions.NONE));
            try {
              other.join();
            } catch (InterruptedException interrupted) {
              throw new AssertionError(interrupted);
            }
            return new int[0];
          });
      assertEquals(2, standIn.calls("cublasCreate"));
    }
    assertEquals(2, standIn.calls("cublasDestroy"));
  }

  @Test
  void usersGetItWithoutAsking() {
    TestDriver.standIn();
    CublasProbe.Found found = assertInstanceOf(CublasProbe.Found.class, CudaBackend.cublas());
    assertEquals("jcublas", found.library().binding());
    assertEquals("12.6.0", found.version());
  }
}
