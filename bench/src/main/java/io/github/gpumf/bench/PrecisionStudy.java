package io.github.gpumf.bench;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.RatingGrid.Visits;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Prints what factors that are stored as halves cost in accuracy, as the rows of a Markdown table:
 * the tuned defaults once in each precision. The scalar backend trains both, in the same order of
 * the ratings, so that rounding is all that differs; in a processor's order, where hardly a row
 * stays for the next rating and so each is rounded with every rating, and in a GPU's, where an
 * item's row stays.
 */
public final class PrecisionStudy {
  private static final int[] FACTORS = {64, 128};

  /** As {@code DeviceGrid} of the GPU's backend has it. */
  private static final Cut OF_GPU = new Cut(384, 32, Visits.ITEMS_TOGETHER);

  private PrecisionStudy() {}

  /**
   * Runs the study.
   *
   * @param args the folder with {@code ml-1m-split} and {@code ml-100k}
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    List<Split> oneMillion = List.of(AccuracyStudy.oneMillion(Path.of(args[0])));
    List<Split> folds = AccuracyStudy.folds(Path.of(args[0]));
    System.out.println(
        "| k | order of the ratings | ml-1m-split, single | half | ml-100k, mean of 5 folds, single | half |");
    System.out.println("|---|---|---|---|---|---|");
    for (int factors : FACTORS) {
      for (Cut cut : List.of(OF_GPU, Cut.OF_PROCESSOR)) {
        System.out.printf(
            Locale.ROOT,
            "| %d | %s | %.5f | %.5f | %.5f | %.5f |%n",
            factors,
            cut.equals(OF_GPU) ? "a GPU's" : "a processor's",
            rmse(oneMillion, factors, cut, Precision.SINGLE),
            rmse(oneMillion, factors, cut, Precision.HALF),
            rmse(folds, factors, cut, Precision.SINGLE),
            rmse(folds, factors, cut, Precision.HALF));
      }
    }
  }

  /** The mean over splits, after the last epoch. */
  private static double rmse(List<Split> splits, int factors, Cut cut, Precision precision) {
    return splits.stream()
        .mapToDouble(split -> rmse(split, factors, cut, precision))
        .average()
        .orElseThrow();
  }

  private static double rmse(Split split, int factors, Cut cut, Precision precision) {
    Ratings ratings = split.train();
    Ratings heldOut = split.test().alignedTo(ratings.users(), ratings.items());
    Mf spec = Mf.tuned(factors);
    TrainingOptions options = TrainingOptions.tuned();
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            options.optimizer(),
            options.updates(),
            precision,
            options.batchSize(),
            cut,
            options.shuffle(),
            options.seed(),
            1,
            Double.MAX_VALUE,
            TrainingState.initial(ratings, spec, options.optimizer(), options.seed()));
    Backend scalar = Backends.select("scalar").backend();
    try (TrainingSession session = scalar.openTraining(job)) {
      for (int epoch = 0; epoch < options.epochs(); epoch++) {
        session.run(epoch, 0, job.batchesPerEpoch());
      }
      return Math.sqrt(session.squaredError(heldOut) / heldOut.size());
    }
  }
}
