package io.github.gpumf.cli;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.MfModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gpumf predict}. */
@Command(
    name = "predict",
    sortOptions = false,
    header = "Predict the ratings that a user would give items.",
    description = {"", "Every id must be one of the training ratings.", ""},
    footer = {
      "",
      "Examples:",
      "  gpumf predict --model model.safetensors --user 42 --item 50",
      "  gpumf predict --model model.safetensors --user 42 --item 50,172,181 --json",
      "",
      "Keys of --json: user, predictions (each: item, rating)."
    })
final class PredictCommand implements Callable<Integer> {
  @Option(names = "--model", required = true, paramLabel = "M", description = "A model file.")
  private Path modelFile;

  @Option(
      names = "--user",
      required = true,
      paramLabel = "ID",
      description = "The user's id, as in the ratings file.")
  private String user;

  @Option(
      names = "--item",
      required = true,
      paramLabel = "ID[,ID...]",
      description = "An item's id, as in the ratings file, or several; may be repeated.")
  private List<String> arguments;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  PredictCommand() {}

  @Override
  public Integer call() throws IOException {
    MfModel model = ModelFile.load(modelFile);
    Answers.requireKnown("user", user, model.users(), modelFile);
    List<String> items = items(model.items());
    for (String item : items) {
      Answers.requireKnown("item", item, model.items(), modelFile);
    }
    Decimals decimals = Decimals.of(model);
    List<Map<String, Object>> predictions = new ArrayList<>();
    for (String item : items) {
      double rating = model.predict(user, item).orElseThrow();
      if (answer.json()) {
        Map<String, Object> prediction = new LinkedHashMap<>();
        prediction.put("item", item);
        prediction.put("rating", rating);
        predictions.add(prediction);
      } else {
        answer.out().println(decimals.text(rating) + "  " + item);
      }
    }
    if (answer.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("user", user);
      json.put("predictions", predictions);
      answer.print(json);
    }
    return 0;
  }

  /** An id may contain a comma, so commas separate only what is no id as a whole. */
  private List<String> items(IdMap known) {
    List<String> items = new ArrayList<>();
    for (String argument : arguments) {
      if (known.indexOf(argument) == IdMap.UNKNOWN) {
        Collections.addAll(items, argument.split(",", -1));
      } else {
        items.add(argument);
      }
    }
    return items;
  }
}
