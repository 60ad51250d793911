package io.github.gpumf;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GpuMfTest {
  private static final SyntheticRatings PLANTED =
      SyntheticRatings.movieLensLike().withSize(600, 300, 20_000);
  private static final Split SPLIT = Splitter.random(PLANTED.generate(), 0.1, 1);

  @Test
  void theSameSeedGivesTheSameBitsForAnyNumberOfThreads() {
    for (Optimizer optimizer :
        List.of(new Sgd(0.2), new Adam(0.005), new LazyAdam(0.005), new AdaGrad(0.1))) {
      for (Mf spec : List.of(Mf.basic(10), Mf.l2(17, 1e-5), Mf.tuned(16))) {
        TrainingOptions one =
            TrainingOptions.builder(optimizer)
                .backend("vector")
                .batchSize(2500) // Several chunks for each thread.
                .epochs(3)
                .seed(9)
                .threads(1)
                .build();
        TrainingResult expected = GpuMf.train(SPLIT.train(), SPLIT.test(), spec, one);
        for (int threads : new int[] {2, 3}) {
          TrainingResult actual =
              GpuMf.train(
                  SPLIT.train(), SPLIT.test(), spec, one.toBuilder().threads(threads).build());
          String what = threads + " threads, " + optimizer + ", " + spec;
          assertSameBits(expected.model().weights(), actual.model().weights(), what);
          for (int epoch = 0; epoch < 3; epoch++) {
            EpochReport before = expected.history().get(epoch);
            EpochReport after = actual.history().get(epoch);
            assertEquals(before.loss(), after.loss(), what);
            assertEquals(before.trainingRmse(), after.trainingRmse(), what);
            assertEquals(before.validationRmse(), after.validationRmse(), what);
          }
        }
      }
    }
  }

  @Test
  void bothBackendsReachTheSameRmse() {
    double[] rmse = new double[2];
    for (int at = 0; at < 2; at++) {
      TrainingOptions options =
          TrainingOptions.tuned().toBuilder()
              .backend(at == 0 ? "scalar" : "vector")
              .epochs(5)
              .build();
      rmse[at] =
          GpuMf.train(SPLIT.train(), SPLIT.test(), Mf.tuned(16), options)
              .history()
              .getLast()
              .validationRmse()
              .orElseThrow();
    }
    // The same steps, rounded in other orders.
    assertEquals(rmse[0], rmse[1], 1e-4);
  }

  @Test
  void tunedOptionsLearnWhatWasPlanted() {
    Ratings test = SPLIT.test();
    TrainingResult result = GpuMf.train(SPLIT.train(), test, Mf.tuned(16), TrainingOptions.tuned());
    double rmse = result.history().getLast().validationRmse().orElseThrow();
    double floor = PLANTED.noiseFloor(test);
    double spread = 0;
    for (long row = 0; row < test.size(); row++) {
      spread += Math.pow(test.value(row) - SPLIT.train().meanValue(), 2) / test.size();
    }
    // Above what noise leaves, and nearer to it than to guessing the mean.
    assertTrue(rmse > floor, () -> rmse + " is below the floor " + floor);
    assertTrue(rmse < (floor + Math.sqrt(spread)) / 2, rmse + " of " + floor + ".." + spread);
  }

  @Test
  void trainsWithTheTunedOptionsOfTheHeadIfNothingElseIsSaid() {
    for (Mf spec : List.of(Mf.tuned(8), Mf.basic(8).withTunedOptions())) {
      TrainingOptions tuned = TrainingOptions.tunedFor(spec);
      TrainingResult result = GpuMf.train(SPLIT.train(), spec);
      assertEquals(tuned.epochs(), result.history().size());
      assertEquals(tuned.optimizer().toString(), result.model().provenance().get("optimizer"));
      assertSameBits(
          GpuMf.train(SPLIT.train(), spec, tuned).model().weights(),
          result.model().weights(),
          spec.toString());
    }
  }

  @Test
  void backendsAreNamedInTheOrderOfAuto() {
    assertEquals(List.of("vector", "scalar"), List.copyOf(GpuMf.backends().keySet()));
  }
}
