package io.github.gpumf.optim;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.optim.AdaGrad.Accumulator;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OptimizerTest {
  private static final LearningRate RATE = LearningRate.constant(0.5);

  @Test
  void defaultsAreThoseOfKeras() {
    assertEquals(new Adam(RATE, 0.9, 0.999, 1e-7), new Adam(0.5));
    assertEquals(new LazyAdam(RATE, 0.9, 0.999, 1e-7), new LazyAdam(0.5));
    assertEquals(new Sgd(RATE), new Sgd(0.5));
    assertEquals(new AdaGrad(RATE, Accumulator.ELEMENT, 1e-10), new AdaGrad(0.5));
  }

  @Test
  void anotherScheduleChangesNothingElse() {
    LearningRate other = LearningRate.cosine(0.1, 3);
    assertEquals(
        new Adam(other, 0.8, 0.99, 1e-6), new Adam(RATE, 0.8, 0.99, 1e-6).withLearningRate(other));
    assertEquals(
        new LazyAdam(other, 0.8, 0.99, 1e-6),
        new LazyAdam(RATE, 0.8, 0.99, 1e-6).withLearningRate(other));
    assertEquals(new Sgd(other), new Sgd(RATE).withLearningRate(other));
    assertEquals(
        new AdaGrad(other, Accumulator.ROW, 1e-6),
        new AdaGrad(RATE, Accumulator.ROW, 1e-6).withLearningRate(other));
    for (Optimizer optimizer :
        List.of(new Adam(RATE), new LazyAdam(RATE), new Sgd(RATE), new AdaGrad(RATE))) {
      assertEquals(other, optimizer.withLearningRate(other).learningRate());
      assertEquals(RATE, optimizer.learningRate());
    }
  }

  @Test
  void refusesDecaysOutsideTheirRange() {
    for (double bad : new double[] {-0.1, 1, 1.5, Double.NaN}) {
      assertIllegal("beta1 must be in [0, 1), not " + bad, () -> new Adam(RATE, bad, 0.9, 1e-7));
      assertIllegal("beta2 must be in [0, 1), not " + bad, () -> new Adam(RATE, 0.9, bad, 1e-7));
      assertIllegal(
          "beta1 must be in [0, 1), not " + bad, () -> new LazyAdam(RATE, bad, 0.9, 1e-7));
      assertIllegal(
          "beta2 must be in [0, 1), not " + bad, () -> new LazyAdam(RATE, 0.9, bad, 1e-7));
    }
  }

  @Test
  void refusesAnEpsilonThatIsZeroToAGpu() {
    for (double bad :
        new double[] {0, -1e-7, 1e-50, 1e-38, Double.NaN, Double.POSITIVE_INFINITY, 1e39}) {
      String message = "epsilon must be at least 1.2e-38 and finite (as a float too), not " + bad;
      assertIllegal(message, () -> new Adam(RATE, 0.9, 0.999, bad));
      assertIllegal(message, () -> new LazyAdam(RATE, 0.9, 0.999, bad));
      assertIllegal(message, () -> new AdaGrad(RATE, Accumulator.ELEMENT, bad));
    }
  }

  @Test
  void refusesRatesThatAreNone() {
    String message = "learning rate must be positive and finite, not -1.0";
    assertIllegal(message, () -> new Adam(-1));
    assertIllegal(message, () -> new LazyAdam(-1));
    assertIllegal(message, () -> new Sgd(-1));
    assertIllegal(message, () -> new AdaGrad(-1));
  }
}
