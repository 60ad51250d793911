package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class AdamTailsTest {
  private static final int STEPS = 300;

  private static Adam adam(double beta1, double beta2) {
    return new Adam(LearningRate.constant(1e-3), beta1, beta2, 1e-7);
  }

  /** Rates that rise, fall and stop. */
  private static double alpha(long step) {
    return step % 50 == 7 ? 0 : 0.01 * (1 + Math.sin(0.1 * step));
  }

  @Test
  void sumsAreThoseOfTheSteps() {
    for (Adam adam : new Adam[] {adam(0.9, 0.999), adam(0.5, 0.9999), adam(0, 0.999)}) {
      AdamTails tails = AdamTails.of(adam, STEPS, AdamTailsTest::alpha);
      assertEquals(STEPS, tails.steps());
      for (int from : new int[] {0, 1, 57, 299, 300}) {
        for (int to = from; to <= STEPS; to += 1 + to / 3) {
          for (int term = 0; term < AdamTails.TERMS; term++) {
            double rho = adam.beta1() * Math.pow(adam.beta2(), term / 2.0);
            double expected = 0;
            for (int step = from; step < to; step++) {
              expected += alpha(step) * Math.pow(rho, step - from + 1);
            }
            // A tail is at most `memory` of the highest rates, and as many of its steps have not
            // yet
            // decayed, each of which rounds a few times.
            double memory = 1 / (1 - rho);
            double tolerance = 4 * memory * Math.ulp(0.02 * memory);
            assertEquals(expected, sum(tails, term, from, to), tolerance, adam + ", " + from);
          }
        }
      }
      assertEquals(Math.pow(adam.beta1(), 7), tails.powerOfBeta1(7), 1e-15);
      assertEquals(Math.pow(adam.beta2(), 3.5), tails.powerOfRoot(7), 1e-15);
      assertEquals(1, tails.powerOfBeta1(0));
    }
  }

  @Test
  void ratesAfterTheStretchDoNotMatter() {
    LongToDoubleFunction other = step -> step < STEPS ? alpha(step) : 1;
    AdamTails one = AdamTails.of(adam(0.9, 0.999), STEPS, AdamTailsTest::alpha);
    AdamTails two = AdamTails.of(adam(0.9, 0.999), STEPS, other);
    // As above, with rates of 1.
    double tolerance = 4 * 10 * Math.ulp(10.0);
    assertEquals(sum(one, 0, 290, STEPS), sum(two, 0, 290, STEPS), tolerance);
    assertEquals(sum(one, 3, 290, STEPS), sum(two, 3, 290, STEPS), tolerance);
  }

  @Test
  void areGoodEnoughForTheBetasInUse() {
    for (double[] betas : new double[][] {{0.9, 0.99}, {0.99, 0.999}, {0.9999, 0.999}, {0.9, 0}}) {
      assertFalse(AdamTails.areGoodEnough(adam(betas[0], betas[1])), betas[0] + ", " + betas[1]);
    }
    for (double[] betas : new double[][] {{0.9, 0.999}, {0, 0.999}, {0.5, 0.999}, {0.9, 0.9999}}) {
      assertTrue(AdamTails.areGoodEnough(adam(betas[0], betas[1])), betas[0] + ", " + betas[1]);
    }
  }

  /** S_i, from what the class has. */
  private static double sum(AdamTails tails, int term, int from, int to) {
    double rho = tails.powerOfBeta1(to - from) * Math.pow(tails.powerOfRoot(to - from), term);
    return tails.tail(term, from) - rho * tails.tail(term, to);
  }
}
