package io.github.gpumf.cli;

import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommender;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
  @Option(
      names = "--user",
      required = true,
      paramLabel = "ID",
      description = "The user's id, as in the ratings file.")
  private String user;

  @Mixin private ListFlags list;
  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  RecommendCommand() {}

  @Override
  public Integer call() throws IOException {
    list.answer(
        "user",
        user,
        MfModel::users,
        Recommender::recommend,
        Answers.Score.RATING,
        "user " + user + " has seen every item; there is none to recommend",
        answer);
    return 0;
  }
}
