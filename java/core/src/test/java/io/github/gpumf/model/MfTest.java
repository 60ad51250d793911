package io.github.gpumf.model;

import static io.github.gpumf.data.Thrown.assertIllegal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.model.Mf.Head;
import org.junit.jupiter.api.Test;

final class MfTest {
  private static final UniformInitializer KERAS = new UniformInitializer(-0.05, 0.05);

  @Test
  void factoriesAreTheModelsAsKerasHasThem() {
    assertEquals(new Mf(8, Head.DENSE, 0, 0, 0, false, false, KERAS), Mf.basic(8));
    assertEquals(new Mf(8, Head.DENSE, 1e-4, 0, 0, false, false, KERAS), Mf.l2(8, 1e-4));
    assertEquals(new Mf(8, Head.BIASES, 0, 0, 0, false, false, KERAS), Mf.biased(8));
  }

  @Test
  void tunedIsTheBiasedModelWithItsOptions() {
    UniformInitializer positive = new UniformInitializer(0, 0.05);
    assertEquals(new Mf(64, Head.BIASES, 0, 0.05, 0.01, true, true, positive), Mf.tuned(64));
    assertEquals(Mf.tuned(64), Mf.biased(64).withTunedOptions());
    assertEquals(
        new Mf(64, Head.DENSE, 1e-3, 0.25, 0, true, true, KERAS),
        Mf.l2(64, 1e-3).withTunedOptions(),
        "a Dense head has no biases to regularize");
  }

  @Test
  void optionsMixIntoAnyModel() {
    UniformInitializer other = new UniformInitializer(0.1, 0.2);
    assertEquals(
        new Mf(3, Head.BIASES, 0.1, 0.2, 0.3, true, true, other),
        Mf.biased(3)
            .withL2(0.1)
            .withRegularization(0.2, 0.3)
            .withMeanOffset(true)
            .withClip(true)
            .withInitializer(other));
    assertEquals(Mf.biased(3), Mf.biased(3).withL2(0.5).withClip(true).withL2(0).withClip(false));
    assertEquals(Mf.biased(3).withRegularization(0.2, 0.2), Mf.biased(3).withRegularization(0.2));
    assertEquals(Mf.basic(3).withRegularization(0.2, 0), Mf.basic(3).withRegularization(0.2));
  }

  @Test
  void refusesLengthsOutOfRange() {
    assertEquals(1, Mf.basic(1).factors());
    assertEquals(1024, Mf.biased(Mf.MAX_FACTORS).factors());
    for (int bad : new int[] {0, -1, 1025, Integer.MAX_VALUE}) {
      assertIllegal("factors must be in 1..1024, not " + bad, () -> Mf.biased(bad));
    }
  }

  @Test
  void refusesRegularizationThatIsNone() {
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      String limit = " must be finite and at least 0, not " + bad;
      assertIllegal("l2" + limit, () -> Mf.l2(4, bad));
      assertIllegal("regularization" + limit, () -> Mf.basic(4).withRegularization(bad));
      assertIllegal("bias regularization" + limit, () -> Mf.biased(4).withRegularization(0, bad));
    }
  }

  @Test
  void refusesToRegularizeBiasesThatAreNotThere() {
    assertIllegal(
        "bias regularization 0.1 needs user and item biases; use Mf.biased(k)",
        () -> Mf.basic(4).withRegularization(0.2, 0.1));
  }

  @Test
  void initializerCoversItsRange() {
    UniformInitializer initializer = new UniformInitializer(-2, 6);
    assertEquals(-2, initializer.apply(0));
    assertEquals(0, initializer.apply(0.25f));
    assertEquals(2, initializer.apply(0.5f));
    assertTrue(initializer.apply(1 - 0x1p-24f) < 6);
    assertEquals(1.5f, new UniformInitializer(1.5, 1.5).apply(0.7f));
  }

  @Test
  void refusesRangesThatAreNone() {
    double[][] ranges = {
      {0.1, 0},
      {Double.NaN, 0},
      {0, Double.NaN},
      {0, Double.POSITIVE_INFINITY},
      {-1e39, 0},
      {-3e38, 3e38}, // Their difference is infinite as a float, and infinity times zero is NaN.
    };
    for (double[] range : ranges) {
      assertIllegal(
          "factors must start within a finite range low <= high, not " + range[0] + ".." + range[1],
          () -> new UniformInitializer(range[0], range[1]));
    }
  }
}
