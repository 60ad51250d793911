package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.cuda.driver.StandIn;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A service that trains and serves for weeks has no more memory at the end. */
final class LeakTest {
  private static final int FIRST = 10;
  private static final int ALL = 1_000;

  /** 4 KiB a training: a quarter of its smallest table, the item factors. */
  private static final long HEAP_GROWTH = (ALL - FIRST) * (4L << 10);

  /**
   * The JIT compiler's code and profiles, and what malloc keeps for threads, are there once but
   * come after the first ten trainings: some 20 MB. A training has some 90 KiB off the heap: all of
   * them together would be twice this.
   */
  private static final long RESIDENT_GROWTH = 40L << 20;

  private final Ratings ratings = Jobs.ratings(120, 100, 2_400);

  /** Opens, trains, keeps, measures, serves, closes. */
  private void trainAndServe(Backend backend, int number) {
    Optimizer optimizer = Jobs.OPTIMIZERS.get(number % Jobs.OPTIMIZERS.size());
    Mf spec = number % 2 == 0 ? Mf.biased(16) : Mf.basic(16);
    // Among the first ten are all optimizers in both ways: their kernels are compiled then.
    Precision[] precisions = Precision.values();
    boolean perRating = number % (2 * FIRST) < FIRST && number % 2 == 0;
    TrainingJob job =
        perRating && !(optimizer instanceof Adam)
            ? Jobs.perRating(ratings, spec, optimizer, precisions[number / FIRST % 2])
            : Jobs.job(ratings, spec, optimizer, 2_000);
    try (TrainingSession session = backend.openTraining(job)) {
      session.run(0, 0, 1);
      session.keep(Slot.LAST_GOOD);
      session.squaredError(ratings);
      MfModel model =
          new MfModel(
              spec,
              session.weights(Slot.LAST_GOOD),
              ratings.users(),
              ratings.items(),
              new RatingScale(3, 1, 5),
              null,
              Map.of());
      try (Scorer scorer = backend.openScorer(model)) {
        scorer.topItems(new int[] {0}, 3, user -> new int[0]);
      }
    }
  }

  @Test
  void aThousandTrainingsLeaveNothing() throws Exception {
    Backend backend = TestBackend.get();
    StandIn standIn = TestDriver.standIn();
    for (int number = 0; number < FIRST; number++) {
      trainAndServe(backend, number);
    }
    Map<String, Long> device = standIn.alive();
    long heap = usedHeap();
    long resident = residentWithoutHeap();
    for (int number = FIRST; number < ALL; number++) {
      trainAndServe(backend, number);
      if (number % 100 == 0) {
        assertEquals(device, standIn.alive(), "after " + number + " trainings");
      }
    }
    assertEquals(device, standIn.alive());
    assertGrowth("heap", heap, usedHeap(), HEAP_GROWTH);
    assertGrowth("resident memory", resident, residentWithoutHeap(), RESIDENT_GROWTH);
  }

  private static void assertGrowth(String what, long before, long after, long most) {
    assertTrue(
        after - before <= most, () -> what + " grew from " + before + " to " + after + " bytes");
  }

  private static long usedHeap() throws InterruptedException {
    for (int time = 0; time < 3; time++) {
      System.gc(); // twice at least: what a cleaner frees off the heap is freed after the first
      Thread.sleep(50);
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** Of this process, in bytes; the heap's unused pages are not ours to judge. */
  private static long residentWithoutHeap() throws IOException {
    long heap = Runtime.getRuntime().totalMemory();
    long resident =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
            .findFirst()
            .orElseThrow();
    return Math.max(0, resident - heap);
  }
}
