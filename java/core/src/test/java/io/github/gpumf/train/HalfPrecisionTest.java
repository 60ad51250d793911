package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Factors that are stored as halves, from options to model. */
final class HalfPrecisionTest {
  private static final Ratings RATINGS = Trainings.ratings(603, 1);
  private static final Mf SPEC = Trainings.SPECS.get(2);
  private static final List<Optimizer> OPTIMIZERS =
      List.of(new Sgd(0.05), new AdaGrad(0.05), new LazyAdam(0.01));

  private static TrainingOptions.Builder halves(Optimizer optimizer) {
    return Trainings.options(optimizer).updates(Updates.PER_RATING).precision(Precision.HALF);
  }

  private static TrainingResult train(TrainingOptions options) {
    return GpuMf.train(RATINGS, SPEC, options);
  }

  @Test
  void optionsKeepIt() {
    assertEquals(Precision.SINGLE, TrainingOptions.builder(new Sgd(1)).build().precision());
    assertEquals(Precision.SINGLE, TrainingOptions.tuned().precision());
    TrainingOptions options = halves(new Sgd(1)).build();
    assertEquals(Precision.HALF, options.precision());
    assertEquals(Precision.HALF, options.toBuilder().build().precision());
  }

  @Test
  void batchesHaveFloats() {
    TrainingOptions options = halves(new Sgd(0.1)).updates(Updates.PER_BATCH).build();
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> train(options));
    assertEquals(
        "factors in half precision need an update per rating: batches have Keras' numbers, in floats; use one (--updates rating, Updates.PER_RATING) or single precision",
        refusal.getMessage());
  }

  @Test
  void theModelHasHalvesWhereTheBackendStoresThem() {
    for (Optimizer optimizer : OPTIMIZERS) {
      TrainingResult result = train(halves(optimizer).build());
      TrainingResult inFloats = train(halves(optimizer).precision(Precision.SINGLE).build());
      assertEquals(inFloats.backend(), result.backend(), "nothing to explain");
      assertEquals("HALF", result.model().provenance().get("precision"));
      assertEquals("SINGLE", inFloats.model().provenance().get("precision"));
      FloatTable factors = result.model().weights().userFactors();
      for (int row = 0; row < factors.rows(); row++) {
        float factor = factors.get(row, 0);
        assertEquals(Float.float16ToFloat(Float.floatToFloat16(factor)), factor);
      }
      double difference =
          WeightsAssert.largestDifference(inFloats.model().weights(), result.model().weights());
      assertTrue(difference > 0, "it is another training");
      // Roundings of 2^-12 of numbers below 1 in seven epochs of some tens of ratings a row.
      double last = result.history().getLast().trainingRmse();
      assertEquals(inFloats.history().getLast().trainingRmse(), last, 1e-2);
    }
  }

  @Test
  void aBackendThatStoresFloatsSaysSo() {
    TrainingOptions wished = halves(new Sgd(0.05)).backend("vector").build();
    TrainingOptions floats = wished.toBuilder().precision(Precision.SINGLE).build();
    TrainingResult result = train(wished);
    TrainingResult expected = train(floats);
    assertSameBits(expected.model().weights(), result.model().weights(), "floats");
    assertEquals(expected.model().provenance(), result.model().provenance());
    assertFalse(expected.backend().contains("floats"), expected::backend);
    assertEquals(
        expected.backend()
            + "; factors are stored as floats, since vector gains nothing by half precision",
        result.backend());
    assertEquals(result.backend(), GpuMf.plan(RATINGS, SPEC, wished).backend());
  }

  @Test
  void aResumedTrainingEndsWithTheBitsOfAnUninterruptedOne(@TempDir Path folder) {
    for (Optimizer optimizer : OPTIMIZERS) {
      TrainingOptions options = halves(optimizer).build();
      TrainingResult expected = train(options);
      Checkpointing every =
          new Checkpointing(folder.resolve(optimizer.getClass().getSimpleName()), 1, true);
      train(options.toBuilder().epochs(3).checkpointing(every).build());
      TrainingResult resumed = train(options.toBuilder().checkpointing(every).build());
      assertSameBits(expected.model().weights(), resumed.model().weights(), optimizer.toString());
      assertEquals(expected.history().getLast().loss(), resumed.history().getLast().loss());
    }
  }

  @Test
  void checkpointsAreThoseOfOnePrecision(@TempDir Path folder) {
    for (Precision written : Precision.values()) {
      Precision other = written == Precision.HALF ? Precision.SINGLE : Precision.HALF;
      Checkpointing every = new Checkpointing(folder.resolve(written.name()), 1, true);
      TrainingOptions.Builder options = halves(new Sgd(0.05)).checkpointing(every);
      train(options.epochs(1).precision(written).build());
      CheckpointException refusal =
          assertThrows(CheckpointException.class, () -> train(options.precision(other).build()));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(
          message.contains(
              "belongs to another training: precision is " + written + ", expected " + other),
          message);
    }
    // A backend that stores floats goes on from floats, whatever was wished for.
    Checkpointing every = new Checkpointing(folder.resolve("vector"), 1, true);
    TrainingOptions.Builder options = halves(new Sgd(0.05)).backend("vector").checkpointing(every);
    train(options.epochs(1).precision(Precision.SINGLE).build());
    assertEquals(2, train(options.epochs(2).precision(Precision.HALF).build()).history().size());
  }

  @Test
  void aFactorThatNoHalfHoldsEndsTheTraining() {
    // The last user's only rating moves its factors by some 1e5 or more: past 65,504 and within a
    // float.
    Ratings.Builder builder =
        Ratings.builder(RATINGS.users(), RATINGS.items(), RATINGS.size() + 1, false, false);
    for (long row = 0; row < RATINGS.size(); row++) {
      builder.set(row, RATINGS.user(row), RATINGS.item(row), RATINGS.value(row));
    }
    Ratings ratings = builder.set(RATINGS.size(), 12, 10, 1e8f).build();
    Mf spec = Mf.biased(4);
    TrainingOptions options = halves(new Sgd(0.05)).epochs(1).build();
    MfModel inFloats =
        GpuMf.train(ratings, spec, options.toBuilder().precision(Precision.SINGLE).build()).model();
    assertTrue(inFloats.weights().isFinite());
    float largest = 0;
    for (int factor = 0; factor < 4; factor++) {
      largest = Math.max(largest, Math.abs(inFloats.weights().userFactors().get(12, factor)));
      largest = Math.max(largest, Math.abs(inFloats.weights().itemFactors().get(10, factor)));
    }
    assertTrue(largest > 65_520, "largest factor " + largest);
    DivergedException diverged =
        assertThrows(DivergedException.class, () -> GpuMf.train(ratings, spec, options));
    String message = String.valueOf(diverged.getMessage());
    assertTrue(message.startsWith("training diverged in epoch 1, round "), message);
    assertTrue(message.contains("its step left weights that are not finite"), message);
    assertTrue(message.contains("Try a learning rate of "), message);
  }
}
