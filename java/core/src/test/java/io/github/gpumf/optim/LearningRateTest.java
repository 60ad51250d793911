package io.github.gpumf.optim;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.optim.LearningRate.Constant;
import io.github.gpumf.optim.LearningRate.Cosine;
import io.github.gpumf.optim.LearningRate.Exponential;
import org.junit.jupiter.api.Test;

final class LearningRateTest {
  /** A few roundings of doubles of size 1. */
  private static final double ROUNDING = 1e-15;

  @Test
  void constantStays() {
    LearningRate rate = LearningRate.constant(0.25);
    for (long step : new long[] {0, 1, 9, 10, 1L << 40}) {
      assertEquals(0.25, rate.at(step, 10));
    }
  }

  @Test
  void exponentialIsMultipliedInEveryEpoch() {
    LearningRate rate = LearningRate.exponential(0.8, 0.25);
    assertEquals(0.8, rate.at(0, 10));
    assertEquals(0.4, rate.at(5, 10), ROUNDING, "half an epoch, the root of the factor");
    assertEquals(0.2, rate.at(10, 10), ROUNDING);
    assertEquals(0.05, rate.at(20, 10), ROUNDING);
    assertEquals(0.8, LearningRate.exponential(0.8, 1).at(1000, 10));
  }

  @Test
  void cosineFallsToZeroAndStaysThere() {
    LearningRate rate = LearningRate.cosine(2, 6);
    assertEquals(2, rate.at(0, 10));
    assertEquals(1 + Math.sqrt(3) / 2, rate.at(10, 10), ROUNDING, "30 degrees");
    assertEquals(1.5, rate.at(20, 10), ROUNDING, "60 degrees");
    assertEquals(1, rate.at(30, 10), ROUNDING, "90 degrees");
    assertEquals(0.5, rate.at(40, 10), ROUNDING, "120 degrees");
    assertEquals(0, rate.at(60, 10));
    assertEquals(0, rate.at(90, 10), "it does not rise again");
  }

  @Test
  void cosineStopsAtItsFloor() {
    LearningRate rate = new LearningRate(2, new Cosine(6, 0.25), 0);
    assertEquals(1, rate.at(30, 10), ROUNDING);
    assertEquals(0.5, rate.at(40, 10), ROUNDING);
    assertEquals(0.5, rate.at(50, 10));
    assertEquals(0.5, rate.at(600, 10));
  }

  @Test
  void warmUpRisesToTheSchedule() {
    // One and a half epochs of four steps: six steps.
    LearningRate rate = LearningRate.constant(0.6).withWarmUp(1.5);
    for (int step = 0; step < 6; step++) {
      assertEquals(0.1 * (step + 1), rate.at(step, 4), ROUNDING);
    }
    assertEquals(0.6, rate.at(6, 4));
    assertEquals(0.6, LearningRate.constant(0.6).withWarmUp(0).at(0, 4));
    assertEquals(0.6, LearningRate.constant(0.6).withWarmUp(0.25).at(0, 4), "one step is none");
    LearningRate falling = LearningRate.exponential(0.8, 0.25).withWarmUp(1);
    assertEquals(0.4 * 6 / 10, falling.at(5, 10), ROUNDING, "the product of both");
  }

  @Test
  void timeIsCountedInEpochsWhateverTheBatchSize() {
    for (LearningRate rate :
        new LearningRate[] {
          LearningRate.exponential(0.3, 0.9), LearningRate.cosine(0.3, 7).withWarmUp(0)
        }) {
      for (int epoch = 0; epoch < 10; epoch++) {
        assertEquals(rate.at(epoch, 1), rate.at(1000L * epoch, 1000), ROUNDING);
      }
    }
    // More steps than an int holds: 2^40 of them in an epoch.
    assertEquals(0.15, LearningRate.cosine(0.3, 4).at(1L << 41, 1L << 40), ROUNDING);
  }

  @Test
  void refusesNumbersThatAreNoRates() {
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertIllegal(
          "learning rate must be positive and finite, not " + bad,
          () -> LearningRate.constant(bad));
      assertIllegal(
          "learning rate must be positive", () -> new LearningRate(bad, new Constant(), 0));
      assertIllegal(
          "cosine epochs must be positive and finite, not " + bad,
          () -> LearningRate.cosine(1, bad));
    }
    for (double bad : new double[] {0, -0.5, 1.01, Double.NaN}) {
      assertIllegal("decay factor must be in (0, 1], not " + bad, () -> new Exponential(bad));
    }
    for (double bad : new double[] {-0.1, 1.1, Double.NaN}) {
      assertIllegal("cosine floor must be in [0, 1], not " + bad, () -> new Cosine(3, bad));
    }
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertIllegal(
          "warm-up must be a finite number of epochs, at least 0, not " + bad,
          () -> LearningRate.constant(1).withWarmUp(bad));
    }
  }

  @Test
  void readsLikeItsParameters() {
    // Checkpoints compare schedules by this text: every number must be in it.
    String text = LearningRate.cosine(0.5, 7).withWarmUp(1.25).toString();
    for (String part : new String[] {"initial=0.5", "epochs=7.0", "floor=0.0", "=1.25"}) {
      assertTrue(text.contains(part), text);
    }
  }
}
