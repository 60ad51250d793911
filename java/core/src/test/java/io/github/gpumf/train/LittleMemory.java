package io.github.gpumf.train;

import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.List;

/** Trains what fits a JVM that was given little memory, and what does not. */
final class LittleMemory {
  private static final int TOO_MANY = 1024;

  private LittleMemory() {}

  public static void main(String[] arguments) {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(3000, 500, 20_000).generate();
    for (String backend : List.of("scalar", "vector")) {
      train(ratings, options(new LazyAdam(0.001), Updates.PER_BATCH, backend));
      train(ratings, options(new AdaGrad(0.01), Updates.PER_RATING, backend));
      train(
          ratings,
          options(new Sgd(0.01), Updates.PER_RATING, backend).toBuilder().ratingUnit(20).build());
    }
    // All share the host's memory: the plan is told all the same, and none takes another's place.
    TrainingOptions any = options(new LazyAdam(0.001), Updates.PER_BATCH, "auto");
    if (new Trainer(ratings, null, Mf.biased(TOO_MANY), any).plan().memory().fits()) {
      throw new AssertionError("4 MiB are not enough");
    }
    refuse(ratings, any);
  }

  private static TrainingOptions options(Optimizer optimizer, Updates updates, String backend) {
    return TrainingOptions.builder(optimizer)
        .updates(updates)
        .backend(backend)
        .epochs(1)
        .threads(2)
        .build();
  }

  private static void train(Ratings ratings, TrainingOptions options) {
    int most = 1;
    while (new Trainer(ratings, null, Mf.biased(most + 1), options).plan().memory().fits()) {
      most++;
    }
    new Trainer(ratings, null, Mf.biased(most), options).train();
    // What does not fit is refused, and not only what is far beyond.
    refuse(ratings, options, most + most / 4 + 1);
    refuse(ratings, options);
  }

  private static void refuse(Ratings ratings, TrainingOptions options) {
    refuse(ratings, options, TOO_MANY);
  }

  private static void refuse(Ratings ratings, TrainingOptions options, int factors) {
    try {
      new Trainer(ratings, null, Mf.biased(factors), options).train();
      throw new AssertionError(factors + " factors are too many for 4 MiB");
    } catch (DeviceException | BackendFailedException tooMany) {
      System.out.println(options.backend() + ": " + tooMany.getMessage());
    }
  }
}
