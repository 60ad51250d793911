package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.train.Cancellation;
import io.github.gpumf.train.Checkpointing;
import io.github.gpumf.train.EarlyStopping;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingListener;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training from the front door, which may end early and go on later. */
final class TrainingOnGpuTest {
  private static final Mf SPEC = Mf.biased(8);

  private final Ratings ratings = Jobs.ratings(90, 70, 1_500);

  @BeforeAll
  static void aDriverIsThere() {
    TestBackend.get();
  }

  private static TrainingOptions.Builder options() {
    return TrainingOptions.builder(new Adam(0.01)).backend("cuda").batchSize(64).seed(5).epochs(6);
  }

  private MfModel train(TrainingOptions options) {
    return GpuMf.train(ratings, SPEC, options).model();
  }

  @Test
  void stopsEarlyWithTheBestWeights() {
    Split split = Splitter.random(ratings, 0.2, 1);
    // Far too fast: it soon gets worse on what it has not seen.
    TrainingOptions.Builder fast =
        options().optimizer(new LazyAdam(0.1)).epochs(30).earlyStopping(new EarlyStopping(2));
    TrainingResult stopped = GpuMf.train(split.train(), split.test(), SPEC, fast.build());
    assertEquals(StopReason.EARLY_STOPPED, stopped.stopReason());
    assertEquals(stopped.bestEpoch() + 2, stopped.history().size());
    TrainingResult best =
        GpuMf.train(
            split.train(),
            split.test(),
            SPEC,
            fast.earlyStopping(null).epochs(stopped.bestEpoch()).build());
    assertSameBits(best.model().weights(), stopped.model().weights(), "the best epoch's");
  }

  @Test
  void cancelledItKeepsTheLastFinishedEpoch() {
    Cancellation cancellation = new Cancellation();
    TrainingListener cancelInThirdEpoch =
        new TrainingListener() {
          @Override
          public void progressed(int epoch, long done) {
            if (epoch == 3) {
              cancellation.cancel();
            }
          }
        };
    TrainingResult cancelled =
        GpuMf.train(
            ratings,
            SPEC,
            options().cancellation(cancellation).listener(cancelInThirdEpoch).build());
    assertEquals(StopReason.CANCELLED, cancelled.stopReason());
    int epochs = cancelled.history().size();
    assertTrue(epochs == 2 || epochs == 3, () -> epochs + " epochs were finished");
    assertSameBits(
        train(options().epochs(epochs).build()).weights(),
        cancelled.model().weights(),
        "after " + epochs + " epochs");
  }

  @Test
  void resumedItGoesOnBitForBit(@TempDir Path folder) {
    TrainingResult whole = GpuMf.train(ratings, SPEC, options().build());
    Checkpointing every = new Checkpointing(folder, 1, true);
    train(options().epochs(2).checkpointing(every).build());
    TrainingResult resumed = GpuMf.train(ratings, SPEC, options().checkpointing(every).build());
    assertEquals(
        whole.history().stream().map(EpochReport::loss).toList(),
        resumed.history().stream().map(EpochReport::loss).toList());
    assertSameBits(whole.model().weights(), resumed.model().weights(), "resumed after 2 epochs");
  }
}
