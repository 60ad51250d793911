package io.github.gpumf.bench.peers;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.train.Cancellation;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingListener;
import io.github.gpumf.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Epochs of GpuMf in turns, through the API that everybody uses: a listener holds the training
 * between its epochs.
 */
public final class GpuMfEpochs {
  /** More than any contest has turns. */
  private static final int ENDLESS = 1_000_000;

  private GpuMfEpochs() {}

  /**
   * Takes part in a contest.
   *
   * @param args training ratings, held-out ratings or {@code -}, backend, recipe, k, batch size,
   *     threads
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    Ratings ratings = RatingPieces.read(Path.of(args[0]));
    @Nullable Ratings heldOut = args[1].equals("-") ? null : RatingPieces.read(Path.of(args[1]));
    Recipe recipe = Recipe.of(args[3]);
    int batchSize = Integer.parseInt(args[5]);
    Cancellation cancellation = new Cancellation();
    TrainingOptions.Builder options =
        recipe
            .options(ratings, batchSize)
            .backend(args[2])
            .threads(Integer.parseInt(args[6]))
            .keepSeenItems(false)
            .cancellation(cancellation)
            .listener(new TurnTaker(Turns.ofProcess(), cancellation, heldOut == null));
    if (recipe.hasBatches()) {
      options.batchSize(batchSize);
    }
    if (!recipe.isWhole()) {
      options.epochs(ENDLESS);
    }
    var spec = recipe.spec(Integer.parseInt(args[4]));
    if (heldOut == null) {
      GpuMf.train(ratings, spec, options.build());
    } else {
      GpuMf.train(ratings, heldOut, spec, options.build());
    }
  }

  /**
   * Ends each epoch with an answer and begins the next with a turn. Where nothing is measured on
   * held-out ratings, the time is all that passes between the two, so that what a session puts off
   * until an epoch's end counts as well. Where something is, each training is short and its own
   * process: the first epoch's time has that of the opening, in which ratings are put in order.
   */
  private static final class TurnTaker implements TrainingListener {
    private final Turns turns;
    private final Cancellation cancellation;
    private final boolean timesEverything;
    private final long madeAt = System.nanoTime();
    private double opening;
    private long startedAt;

    TurnTaker(Turns turns, Cancellation cancellation, boolean timesEverything) {
      this.turns = turns;
      this.cancellation = cancellation;
      this.timesEverything = timesEverything;
    }

    @Override
    public void started(Start start) {
      opening = (System.nanoTime() - madeAt) * 1e-9;
      turns.ready();
      await();
    }

    @Override
    public void epochEnded(EpochReport report) {
      double passed = (System.nanoTime() - startedAt) * 1e-9;
      turns.answer(
          timesEverything ? passed : report.seconds() + opening,
          report.trainingRmse(),
          report.validationRmse().orElse(Double.NaN));
      opening = 0;
      await();
    }

    private void await() {
      if (!turns.await()) {
        cancellation.cancel();
      }
      startedAt = System.nanoTime();
    }
  }
}
