package io.github.gpumf.bench;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.Split;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.train.DivergedException;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints how recipes do on MovieLens, as the rows of a Markdown table: the tuned defaults, and what
 * happens when one thing about them is changed, or epochs and rate together. Each cell is the
 * held-out RMSE after the last epoch, and the lowest of any epoch with its number, which nobody
 * knows without held-out ratings.
 */
public final class AccuracyStudy {
  private static final int FACTORS = 64;
  private static final int FOLDS = 5;

  private AccuracyStudy() {}

  /** What is trained and how. */
  private record Recipe(Mf spec, TrainingOptions options) {}

  /**
   * Runs the study.
   *
   * @param args the folder with {@code ml-1m-split} and {@code ml-100k}
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    List<Split> oneMillion = List.of(oneMillion(Path.of(args[0])));
    List<Split> folds = folds(Path.of(args[0]));
    System.out.println("| recipe | ml-1m-split | ml-100k, mean of 5 folds |");
    System.out.println("|---|---|---|");
    recipes()
        .forEach(
            (name, recipe) ->
                System.out.println(
                    "| "
                        + name
                        + " | "
                        + rmse(oneMillion, recipe)
                        + " | "
                        + rmse(folds, recipe)
                        + " |"));
  }

  /** The split of MovieLens 1M. */
  static Split oneMillion(Path folder) throws IOException {
    Path split = folder.resolve("ml-1m-split");
    return read(split.resolve("ml-1m.train.tsv"), split.resolve("ml-1m.test.tsv"));
  }

  /** The five folds of MovieLens 100K. */
  static List<Split> folds(Path folder) throws IOException {
    Path base = folder.resolve("ml-100k");
    List<Split> folds = new ArrayList<>();
    for (int fold = 1; fold <= FOLDS; fold++) {
      folds.add(read(base.resolve("u" + fold + ".base"), base.resolve("u" + fold + ".test")));
    }
    return folds;
  }

  private static Split read(Path train, Path test) throws IOException {
    RatingsReader reader = RatingsReader.of();
    return new Split(reader.read(train).ratings(), reader.read(test).ratings());
  }

  private static Map<String, Recipe> recipes() {
    Map<String, Recipe> recipes = new LinkedHashMap<>();
    Mf spec = Mf.tuned(FACTORS);
    TrainingOptions options = TrainingOptions.tuned();
    recipes.put("**defaults**", new Recipe(spec, options));
    for (int seed = 1; seed <= 2; seed++) {
      recipes.put("seed " + seed, new Recipe(spec, options.toBuilder().seed(seed).build()));
    }
    for (double lambda : new double[] {0.04, 0.045, 0.055, 0.06}) {
      recipes.put(
          "regularization " + lambda,
          new Recipe(spec.withRegularization(lambda, spec.biasRegularization()), options));
    }
    recipes.put(
        "bias regularization as for factors",
        new Recipe(spec.withRegularization(spec.regularization()), options));
    for (int factors : new int[] {8, 16, 32, 128}) {
      recipes.put("k = " + factors, new Recipe(Mf.tuned(factors), options));
    }
    for (int batchSize : new int[] {32, 256, 4096}) {
      recipes.put("batch " + batchSize, new Recipe(spec, TrainingOptions.tuned(batchSize)));
    }
    for (int epochs : new int[] {15, 30}) {
      recipes.put(epochs + " epochs", new Recipe(spec, withEpochs(options, epochs, 1)));
    }
    for (int epochs : new int[] {10, 15, 30}) {
      double factor = (double) options.epochs() / epochs;
      recipes.put(
          String.format(Locale.ROOT, "%d epochs, learning rate x %.2f", epochs, factor),
          new Recipe(spec, withEpochs(options, epochs, factor)));
    }
    for (double factor : new double[] {2.0 / 3, 2}) {
      recipes.put(
          String.format(Locale.ROOT, "learning rate x %.2f", factor),
          new Recipe(spec, with(options, new Sgd(cosine(factor * initialRate())))));
    }
    recipes.put(
        "constant learning rate", new Recipe(spec, with(options, new Sgd(initialRate() / 2))));
    recipes.put(
        "factors start in +-0.05, as in Keras",
        new Recipe(spec.withInitializer(UniformInitializer.KERAS), options));
    recipes.put(
        "factors start in 0..0.125",
        new Recipe(spec.withInitializer(new UniformInitializer(0, 0.125)), options));
    recipes.put("AdaGrad 0.045", new Recipe(spec, with(options, new AdaGrad(cosine(0.045)))));
    recipes.put(
        "AdaGrad 0.045, one accumulator a row",
        new Recipe(
            spec, with(options, new AdaGrad(cosine(0.045), AdaGrad.Accumulator.ROW, 1e-10))));
    for (double rate : new double[] {0.001, 0.002, 0.004}) {
      recipes.put("LazyAdam " + rate, new Recipe(spec, with(options, new LazyAdam(cosine(rate)))));
    }
    recipes.put(
        "Adam 0.002, batch 256",
        new Recipe(spec, with(TrainingOptions.tuned(256), new Adam(cosine(0.002)))));
    Mf basic = Mf.basic(FACTORS).withTunedOptions();
    recipes.put("Dense head, its defaults", new Recipe(basic, TrainingOptions.tunedFor(basic)));
    return recipes;
  }

  private static double initialRate() {
    return TrainingOptions.tuned().optimizer().learningRate().initial();
  }

  private static LearningRate cosine(double rate) {
    return LearningRate.cosine(rate, TrainingOptions.tuned().epochs());
  }

  private static TrainingOptions withEpochs(TrainingOptions options, int epochs, double factor) {
    Optimizer optimizer = new Sgd(LearningRate.cosine(factor * initialRate(), epochs));
    return with(options, optimizer).toBuilder().epochs(epochs).build();
  }

  private static TrainingOptions with(TrainingOptions options, Optimizer optimizer) {
    return options.toBuilder().optimizer(optimizer).build();
  }

  /** The mean over splits, epoch by epoch. */
  private static String rmse(List<Split> splits, Recipe recipe) {
    double[] means = new double[recipe.options().epochs()];
    for (Split split : splits) {
      List<EpochReport> history;
      try {
        history =
            GpuMf.train(split.train(), split.test(), recipe.spec(), recipe.options()).history();
      } catch (DivergedException diverged) {
        return "diverges";
      }
      for (int epoch = 0; epoch < means.length; epoch++) {
        means[epoch] += history.get(epoch).validationRmse().orElseThrow() / splits.size();
      }
    }
    int best = 0;
    for (int epoch = 1; epoch < means.length; epoch++) {
      if (means[epoch] < means[best]) {
        best = epoch;
      }
    }
    return String.format(
        Locale.ROOT, "%.4f (%.4f, %d)", means[means.length - 1], means[best], best + 1);
  }
}
