package io.github.gpumf.cli;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.cli.Values.BackendName;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.evaluate.EvaluationReport;
import io.github.gpumf.evaluate.Evaluator;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.MfModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gpumf evaluate}. */
@Command(
    name = "evaluate",
    sortOptions = false,
    header = "Measure a model on held-out ratings.",
    description = {
      "",
      "Metrics: rmse, mae, and for lists of K items precision@K, recall@K, ndcg@K,",
      "map@K, mrr@K, hit@K. Lists are of all items that the user has not seen in",
      "training, for every user with a held-out item that is relevant.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  gpumf evaluate --model model.safetensors --ratings test.tsv",
      "  gpumf evaluate --model model.safetensors --ratings test.tsv \\",
      "      --metrics ndcg@10,hit@10 --json",
      "",
      "Keys of --json: the names of the metrics asked for, and no others."
    })
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(names = "--model", required = true, paramLabel = "M", description = "A model file.")
  private Path modelFile;

  @Option(names = "--ratings", required = true, paramLabel = "F", description = "Held-out ratings.")
  private Path ratingsFile;

  @Option(
      names = "--seen",
      paramLabel = "TRAIN",
      description = "Ratings whose items are left out of the lists (default: those in the model).")
  private @Nullable Path seenFile;

  @Option(
      names = "--metrics",
      defaultValue = "rmse,mae,precision@10,recall@10,ndcg@10",
      paramLabel = "LIST",
      description = "Names separated by commas (default: ${DEFAULT-VALUE}).")
  private String metrics;

  @Option(
      names = "--relevant-from",
      paramLabel = "X",
      description =
          "Held-out items rated at least X are relevant (default: the mean training rating).")
  private @Nullable Double relevantFrom;

  @Mixin private RatingsFlags ratings;

  @Option(
      names = "--backend",
      converter = BackendName.class,
      defaultValue = Backends.AUTO,
      paramLabel = "NAME",
      description = "auto, scalar, vector or cuda (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  EvaluateCommand() {}

  @Override
  public Integer call() throws IOException {
    Evaluator evaluator = evaluator();
    Backends.select(backend); // fails before anything is read
    MfModel model = ModelFile.load(modelFile);
    Ratings heldOut = ratings.read(ratingsFile);
    boolean nothingSeen = model.seenItems() == null;
    if (seenFile != null) {
      Ratings seen = ratings.read(seenFile).alignedTo(model.users(), model.items());
      nothingSeen = seen.size() == 0;
      evaluator = evaluator.withSeen(seen);
    }
    EvaluationReport report;
    try {
      report = evaluator.evaluate(model, heldOut);
    } catch (IllegalArgumentException nothingToMeasure) {
      throw new CommandFailedException(ratingsFile + ": " + nothingToMeasure.getMessage());
    }
    if (report.coldRatings() > 0) {
      sayCold(report);
    }
    if (report.rankedUsers() > 0) {
      answer
          .err()
          .println(ratingsFile + ": ranked lists are of " + report.rankedUsers() + " users");
      if (nothingSeen) {
        sayNothingSeen();
      }
    }
    if (answer.json()) {
      answer.print(report.byName());
    } else {
      Decimals ofErrors = Decimals.of(model);
      report
          .metrics()
          .forEach(
              (metric, value) -> {
                Decimals decimals = metric.kind().isRanked() ? Decimals.USUAL : ofErrors;
                answer.out().printf(Locale.ROOT, "%-14s %s%n", metric, decimals.text(value));
              });
    }
    return 0;
  }

  /** Training leaves such ratings of its validation out, so numbers differ. */
  private void sayCold(EvaluationReport report) {
    boolean all = report.coldRatings() == report.ratings();
    boolean errors =
        report.metrics().keySet().stream().anyMatch(metric -> !metric.kind().isRanked());
    answer
        .err()
        .println(
            ratingsFile
                + ": "
                + (all
                    ? "none of the " + report.ratings() + " ratings has a user and an item with"
                    : report.coldRatings()
                        + " of "
                        + report.ratings()
                        + " ratings are of users or items without")
                + " a training rating"
                + (errors
                    ? "; rmse and mae count "
                        + (all ? "all" : "them")
                        + ", predicted by the mean rating and the biases that are known"
                    : "")
                + (all ? "; measure on ratings with the ids of the training" : ""));
  }

  private void sayNothingSeen() {
    answer
        .err()
        .println(
            (seenFile == null
                    ? modelFile + ": the model keeps no seen items (--no-seen)"
                    : seenFile + ": no rating has a user and an item that the model knows")
                + ", so lists contain items of the training; give the training ratings with --seen");
  }

  private Evaluator evaluator() {
    try {
      Evaluator evaluator = Evaluator.of(metrics).withBackend(backend);
      return relevantFrom == null ? evaluator : evaluator.withRelevantFrom(relevantFrom);
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(
          command.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }
}
