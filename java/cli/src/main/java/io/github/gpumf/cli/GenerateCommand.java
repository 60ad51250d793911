package io.github.gpumf.cli;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsWriter;
import io.github.gpumf.data.SyntheticRatings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gpumf generate}. */
@Command(
    name = "generate",
    sortOptions = false,
    header = "Make a ratings file out of a planted truth, shaped like MovieLens.",
    description = {
      "",
      "The answer includes the noise floor: the RMSE that a model would have which",
      "knows the truth.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  gpumf generate --output ratings.tsv",
      "  gpumf generate --users 6040 --items 3706 --ratings 1000000 \\",
      "      --output like-ml-1m.tsv",
      "",
      "Keys of --json: output, users, items, ratings, noiseFloor."
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(names = "--output", required = true, paramLabel = "F", description = "TSV file to write.")
  private Path output;

  @Option(
      names = "--users",
      defaultValue = "950",
      paramLabel = "N",
      description = "Number of users (default: ${DEFAULT-VALUE}).")
  private int users;

  @Option(
      names = "--items",
      defaultValue = "1700",
      paramLabel = "N",
      description = "Number of items (default: ${DEFAULT-VALUE}).")
  private int items;

  @Option(
      names = "--ratings",
      defaultValue = "100000",
      paramLabel = "N",
      description =
          "Number of ratings, at most a quarter of users x items (default: ${DEFAULT-VALUE}).")
  private long ratings;

  @Option(
      names = "--rank",
      defaultValue = "8",
      paramLabel = "K",
      description = "Rank of the truth (default: ${DEFAULT-VALUE}).")
  private int rank;

  @Option(
      names = "--noise",
      defaultValue = "0.5",
      paramLabel = "X",
      description = "Standard deviation of the noise in stars (default: ${DEFAULT-VALUE}).")
  private double noise;

  @Option(
      names = "--seed",
      defaultValue = "42",
      paramLabel = "S",
      description = "Same numbers and seed, same file (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  GenerateCommand() {}

  @Override
  public Integer call() throws IOException {
    SyntheticRatings synthetic = synthetic();
    Outputs.check(output);
    Ratings made = synthetic.generate();
    RatingsWriter.write(made, output);
    double noiseFloor = synthetic.noiseFloor(made);
    if (answer.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("output", output.toString());
      json.put("users", users);
      json.put("items", items);
      json.put("ratings", made.size());
      json.put("noiseFloor", noiseFloor);
      answer.print(json);
    } else {
      answer.out().printf(Locale.ROOT, "%s: %s, noise floor %.4f RMSE%n", output, made, noiseFloor);
    }
    return 0;
  }

  private SyntheticRatings synthetic() {
    try {
      return new SyntheticRatings(
          users, items, ratings, rank, noise, SyntheticRatings.movieLensLike().step(), seed);
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(
          command.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }
}
