package io.github.gpumf;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.IdMap;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
      TrainingOptions tuned = TrainingOptions.tunedFor(spec, SPLIT.train());
      TrainingResult result = GpuMf.train(SPLIT.train(), spec);
      assertEquals(tuned.epochs(), result.history().size());
      assertEquals(tuned.optimizer().toString(), result.model().provenance().get("optimizer"));
      assertSameBits(
          GpuMf.train(SPLIT.train(), spec, tuned).model().weights(),
          result.model().weights(),
          spec.toString());
    }
  }

  /**
   * Sets on which a batch of 256 at a rate of 3 overshoots: most of them diverge, some get worse.
   */
  static List<Ratings> unlikeMovieLens() {
    return List.of(
        pairs(1, 1, 1, 5), // one rating
        pairs(1, 20, 20, 5), // one user, who fits in a batch
        pairs(1, 1000, 1000, 5), // one user
        pairs(2000, 1, 2000, 5), // one item
        pairs(2, 500, 1000, 5), // two users
        pairs(40, 30, 257, 5), // one rating in the last batch
        pairs(40, 30, 513, 5),
        pairs(60, 50, 600, 100)); // percents
  }

  /** The first pairs of all in a random order, rated 1..best at random. */
  private static Ratings pairs(int users, int items, int count, int best) {
    Random random = new Random(users * 31L + items);
    List<Integer> all = new ArrayList<>(IntStream.range(0, users * items).boxed().toList());
    Collections.shuffle(all, random);
    Ratings.Builder ratings =
        Ratings.builder(IdMap.dense(users), IdMap.dense(items), count, false, false);
    for (int row = 0; row < count; row++) {
      int pair = all.get(row);
      ratings.set(row, pair / items, pair % items, 1 + random.nextInt(best));
    }
    return ratings.build();
  }

  @ParameterizedTest
  @MethodSource("unlikeMovieLens")
  void whatIsTunedForMovieLensIsSteadyOnOtherSets(Ratings ratings) {
    TrainingResult result = GpuMf.train(ratings, Mf.tuned(64));
    double square = 0;
    for (long row = 0; row < ratings.size(); row++) {
      double error = result.model().predictAt(ratings.user(row), ratings.item(row));
      square += Math.pow(error - ratings.value(row), 2);
    }
    double rmse = Math.sqrt(square / ratings.size());
    double mean = ratings.meanValue();
    double guess = Math.sqrt(ratings.meanSquare() - mean * mean);
    // At least as good as guessing the mean; of one rating that is exact, and the model is not yet.
    assertTrue(rmse <= Math.max(guess, 0.05), ratings + ": " + rmse + ", the mean has " + guess);
  }

  @Test
  void backendsAreNamedInTheOrderOfAuto() {
    assertEquals(List.of("vector", "scalar"), List.copyOf(GpuMf.backends().keySet()));
  }
}
