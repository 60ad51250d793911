package io.github.gpumf;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommendation;
import io.github.gpumf.recommend.Recommender;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Path;

/** The example of the README and of {@link GpuMf}, run by {@link ReadmeExampleTest}. */
final class ReadmeExample {
  private ReadmeExample() {}

  public static void main(String[] arguments) throws IOException {
    // @start region="service"
    Ratings ratings = RatingsReader.of().read(Path.of("ratings.csv")).ratings();
    Split split = Splitter.random(ratings, 0.1, 42);
    Mf spec = Mf.tuned(64);
    TrainingOptions options = TrainingOptions.tunedFor(spec, split.train());
    TrainingResult result = GpuMf.train(split.train(), split.test(), spec, options);
    ModelFile.save(result.model(), Path.of("model.safetensors"));

    MfModel model = ModelFile.load(Path.of("model.safetensors"));
    try (Recommender recommender = Recommender.of(model)) {
      for (Recommendation item : recommender.recommend(42, 10)) {
        System.out.println(item.itemId() + " " + item.score());
      }
    }
    // @end
  }
}
