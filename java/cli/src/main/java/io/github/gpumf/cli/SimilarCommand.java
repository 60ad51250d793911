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

/** {@code gpumf similar}. */
@Command(
    name = "similar",
    sortOptions = false,
    header = "List the items most similar to one, by the cosine of their factors.",
    description = {"", "A cosine is 1 for factors of one direction, and -1 for opposite ones.", ""},
    footer = {
      "",
      "Example:",
      "  gpumf similar --model model.safetensors --item 50 -n 5 --titles u.item",
      "",
      "Keys of --json: item, items (each: item, score and, where known, title)."
    })
final class SimilarCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(names = "--model", required = true, paramLabel = "M", description = "A model file.")
  private Path modelFile;

  @Option(
      names = "--item",
      required = true,
      paramLabel = "ID",
      description = "The item's id, as in the ratings file.")
  private String item;

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
  SimilarCommand() {}

  @Override
  public Integer call() throws IOException {
    Counts.requirePositive(command, "-n", count);
    MfModel model = ModelFile.load(modelFile);
    Answers.requireKnown("item", item, model.items(), modelFile);
    ItemTitles titles = Answers.titles(titlesFile);
    try (Recommender recommender = Recommender.of(model, backend)) {
      Recommendations items = recommender.similarItems(item, count);
      if (items.isEmpty()) {
        answer.err().println("there is no other item than " + item);
      }
      if (answer.json()) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("item", item);
        json.put("items", Answers.json(items, titles));
        answer.print(json);
      } else {
        Answers.print(items, titles, "cosine", answer.out());
      }
    }
    return 0;
  }
}
