package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** One epoch with the same seed and options ends with the same weights on every backend. */
final class BackendsAgreeTest {
  static final List<Optimizer> OPTIMIZERS =
      List.of(new Sgd(0.5), new Adam(0.001), new LazyAdam(0.001), new AdaGrad(0.01));

  /** An epoch of 100,000 ratings is 98 steps. */
  private static final int BATCH_SIZE = 1024;

  /** That of the golden traces up to step 110. */
  private static final double TOLERANCE = 5e-6;

  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void afterAnEpochOfRatingsLikeMovieLens(Optimizer optimizer) {
    assertAgree(SyntheticRatings.movieLensLike().generate(), optimizer);
  }

  /** GroupLens forbids to hand its files on: where they are not, the test above stands alone. */
  @ParameterizedTest
  @FieldSource("OPTIMIZERS")
  void afterAnEpochOfMovieLens100k(Optimizer optimizer) throws IOException {
    Path root = Path.of(System.getProperty("gpumf.root", "../.."));
    Path folder =
        root.resolve(System.getProperty("gpumf.data", "../shared/data")).resolve("ml-100k");
    if (Files.isDirectory(folder)) {
      assertAgree(RatingsReader.of().read(folder.resolve("u.data")).ratings(), optimizer);
    }
  }

  private static void assertAgree(Ratings ratings, Optimizer optimizer) {
    TestBackend.get();
    for (Mf spec : List.of(Mf.basic(16), Mf.biased(16).withRegularization(0.02))) {
      TrainingJob job = Jobs.job(ratings, start(spec, optimizer), optimizer, BATCH_SIZE);
      Weights expected = train("scalar", job);
      for (String backend : List.of("vector", "cuda")) {
        double difference = WeightsAssert.largestDifference(expected, train(backend, job));
        assertTrue(
            difference <= TOLERANCE,
            () -> "weights of " + backend + " differ by " + difference + ": " + spec);
      }
    }
  }

  /**
   * AdaGrad's first step is the learning rate times the sign of the gradient, and next to zero that
   * sign is a matter of the last bit (the two backends on the CPU differ by 1.1e-5 then): its
   * factors start away from zero, where no gradient is that small.
   */
  private static Mf start(Mf spec, Optimizer optimizer) {
    return optimizer instanceof AdaGrad
        ? spec.withInitializer(new UniformInitializer(0.1, 0.5))
        : spec;
  }

  private static Weights train(String backend, TrainingJob job) {
    return Jobs.train(Backends.select(backend).backend(), job, 1).weights();
  }
}
