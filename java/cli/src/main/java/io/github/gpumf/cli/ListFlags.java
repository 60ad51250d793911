package io.github.gpumf.cli;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.cli.Values.BackendName;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.ItemTitles;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommendations;
import io.github.gpumf.recommend.Recommender;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What commands that answer with a list of items share: of which model, how many, with titles. */
final class ListFlags {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--model", required = true, paramLabel = "M", description = "A model file.")
  private Path modelFile;

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

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  ListFlags() {}

  /** Makes the list of an id. */
  @FunctionalInterface
  interface Query {
    Recommendations of(Recommender recommender, String id, int count);
  }

  /**
   * Answers a query.
   *
   * @param what the id is of, and its key in JSON
   * @param idsOf the ids of its kind that a model knows
   * @param score what the items are listed by
   * @param whenEmpty what to say of an empty list
   */
  void answer(
      String what,
      String id,
      Function<MfModel, IdMap> idsOf,
      Query query,
      Answers.Score score,
      String whenEmpty,
      Output answer)
      throws IOException {
    Counts.requirePositive(command, "-n", count);
    MfModel model = ModelFile.load(modelFile);
    Answers.requireKnown(what, id, idsOf.apply(model), modelFile);
    ItemTitles titles = Answers.titles(titlesFile, model.items());
    try (Recommender recommender = Recommender.of(model, backend)) {
      Recommendations items = query.of(recommender, id, count);
      if (items.isEmpty()) {
        answer.err().println(whenEmpty);
      }
      if (answer.json()) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(what, id);
        json.put("items", Answers.json(items, titles));
        answer.print(json);
      } else {
        Answers.print(items, titles, score, model, answer.out());
      }
    }
  }
}
