package io.github.gpumf.cli;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.cli.Values.BackendName;
import io.github.gpumf.data.ItemTitles;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommendations;
import io.github.gpumf.recommend.Recommender;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gpumf recommend}. */
@Command(
    name = "recommend",
    sortOptions = false,
    header = "List the items that a model predicts a user to rate highest.",
    description = {
      "",
      "Items of the user's training ratings are left out, if the model keeps them.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  gpumf recommend --model model.safetensors --user 42 -n 10",
      "  gpumf recommend --model model.safetensors --user 42 --titles movies.dat --json",
      "",
      "Keys of --json: user, items (each: item, score and, where known, title)."
    })
final class RecommendCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(names = "--model", required = true, paramLabel = "M", description = "A model file.")
  private Path modelFile;

  @Option(
      names = "--user",
      required = true,
      paramLabel = "ID",
      description = "The user's id, as in the ratings file.")
  private String user;

  @Option(
      names = "-n",
      defaultValue = "10",
      paramLabel = "N",
      description = "How many items (default: ${DEFAULT-VALUE}).")
  private int count;

  @Option(
      names = "--titles",
      paramLabel = "F",
      description = "Titles of the items: MovieLens' u.item, movies.dat or movies.csv.")
  private @Nullable Path titlesFile;

  @Option(
      names = "--backend",
      converter = BackendName.class,
      defaultValue = Backends.AUTO,
      paramLabel = "NAME",
      description = "auto, scalar, vector or cuda (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  RecommendCommand() {}

  @Override
  public Integer call() throws IOException {
    Counts.requirePositive(command, "-n", count);
    MfModel model = ModelFile.load(modelFile);
    Answers.requireKnown("user", user, model.users(), modelFile);
    ItemTitles titles = Answers.titles(titlesFile);
    try (Recommender recommender = Recommender.of(model, backend)) {
      Recommendations items = recommender.recommend(user, count);
      if (items.isEmpty()) {
        answer.err().println("user " + user + " has seen every item; there is none to recommend");
      }
      if (answer.json()) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("user", user);
        json.put("items", Answers.json(items, titles));
        answer.print(json);
      } else {
        Answers.print(items, titles, "predicted rating", answer.out());
      }
    }
    return 0;
  }
}
