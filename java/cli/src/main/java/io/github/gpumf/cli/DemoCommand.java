package io.github.gpumf.cli;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.cli.Values.BackendName;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommendations;
import io.github.gpumf.recommend.Recommender;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gpumf demo}. */
@Command(
    name = "demo",
    sortOptions = false,
    header = "The whole way in a minute: make ratings, train, measure, recommend, save.",
    description = {
      "",
      "The ratings are made out of a planted truth, so the best RMSE that any model",
      "could reach, the noise floor, is known and printed beside the model's.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  gpumf demo --output demo.safetensors",
      "",
      "Keys of --json: output, heldOutRmse, noiseFloor, user,",
      "recommendations (each: item, score)."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int FACTORS = 32;
  private static final double HELD_OUT = 0.1;
  private static final int SHOWN = 5;
  private static final long USER = 7;

  @Option(
      names = "--output",
      defaultValue = "demo.safetensors",
      paramLabel = "M",
      description = "The model file to write (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--seed",
      defaultValue = "42",
      paramLabel = "S",
      description = "Seed of the ratings and of the training (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--backend",
      converter = BackendName.class,
      defaultValue = Backends.AUTO,
      paramLabel = "NAME",
      description = "auto, scalar, vector or cuda (default: ${DEFAULT-VALUE}).")
  private String backend = Backends.AUTO;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  DemoCommand() {}

  @Override
  public Integer call() throws IOException {
    Outputs.check(output);
    Backends.select(backend); // fails before anything is made
    PrintWriter err = answer.err();
    SyntheticRatings synthetic = SyntheticRatings.movieLensLike().withSeed(seed);
    Ratings ratings = synthetic.generate();
    Split split = Splitter.random(ratings, HELD_OUT, seed);
    err.println("made " + ratings + "; " + split.test().size() + " are held out");
    TrainingResult result;
    try (Progress progress = new Progress(err, Progress.isWatched(), Decimals.of(ratings))) {
      TrainingOptions options =
          TrainingOptions.tuned().toBuilder()
              .seed(seed)
              .backend(backend)
              .listener(progress)
              .build();
      result = GpuMf.train(split.train(), split.test(), Mf.tuned(FACTORS), options);
    }
    ModelFile.save(result.model(), output);
    double heldOut = result.history().getLast().validationRmse().orElseThrow();
    double noiseFloor = synthetic.noiseFloor(split.test());
    try (Recommender recommender = Recommender.of(result.model(), backend)) {
      Recommendations forUser = recommender.recommend(USER, SHOWN);
      if (answer.json()) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("output", output.toString());
        json.put("heldOutRmse", heldOut);
        json.put("noiseFloor", noiseFloor);
        json.put("user", Long.toString(USER));
        json.put("recommendations", Answers.json(forUser, null));
        answer.print(json);
      } else {
        print(heldOut, noiseFloor, forUser, result.model());
      }
    }
    return 0;
  }

  private void print(double heldOut, double noiseFloor, Recommendations forUser, MfModel model) {
    PrintWriter out = answer.out();
    out.printf(
        Locale.ROOT,
        "held-out RMSE %.4f; the noise floor, which no model can pass, is %.4f%n%n",
        heldOut,
        noiseFloor);
    out.println("For user " + USER + " the model recommends:");
    Answers.print(forUser, null, Answers.Score.RATING, model, out);
    out.println();
    out.println("The model is saved as " + output + ". Try:");
    out.println("  gpumf recommend --model " + output + " --user 8 -n 5");
    out.println(
        "  gpumf similar --model " + output + " --item " + forUser.itemIds().getFirst() + " -n 5");
  }
}
