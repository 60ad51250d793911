package io.github.gpumf.cli;

import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommender;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
  @Option(
      names = "--item",
      required = true,
      paramLabel = "ID",
      description = "The item's id, as in the ratings file.")
  private String item;

  @Mixin private ListFlags list;
  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  SimilarCommand() {}

  @Override
  public Integer call() throws IOException {
    list.answer(
        "item",
        item,
        MfModel::items,
        Recommender::similarItems,
        Answers.Score.COSINE,
        "item " + item + " has no training rating to compare it by, or there is no other item",
        answer);
    return 0;
  }
}
