package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Trainings in whose last epoch somebody else takes all memory that the JVM still gives. */
final class NoMemoryLeft {
  private static final List<MemorySegment> TAKEN = new ArrayList<>();

  private NoMemoryLeft() {}

  public static void main(String[] arguments) {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(3000, 500, 200_000).generate();
    for (String backend : List.of("scalar", "vector")) {
      TrainingOptions.Builder options =
          TrainingOptions.builder(new Sgd(0.1)).backend(backend).epochs(2).threads(2);
      MfModel expected = new Trainer(ratings, null, Mf.biased(8), options.build()).train().model();
      options.listener(Trainings.atEndOf(2, NoMemoryLeft::takeAll));
      // Seen items need memory, and so does a checkpoint.
      say(ratings, options.build(), expected);
      Checkpointing checkpointing = new Checkpointing(Path.of(backend), 2, false);
      say(ratings, options.checkpointing(checkpointing).build(), expected);
    }
  }

  private static void takeAll() {
    for (long bytes = 1 << 20; bytes >= 1 << 10; ) {
      try {
        TAKEN.add(Arena.ofAuto().allocate(bytes));
      } catch (OutOfMemoryError full) {
        bytes /= 8; // each refusal takes the JVM half a second
      }
    }
  }

  private static void say(Ratings ratings, TrainingOptions options, MfModel expected) {
    try {
      new Trainer(ratings, null, Mf.biased(8), options).train();
      throw new AssertionError("there is no memory for all of it");
    } catch (BackendFailedException failure) {
      TAKEN.clear();
      Weights kept = failure.lastGoodModel().orElseThrow().weights();
      boolean same =
          kept.userFactors().segment().mismatch(expected.weights().userFactors().segment()) < 0;
      System.out.println(
          options.backend() + ": " + (same ? "kept" : "lost") + ": " + failure.getMessage());
    }
  }
}
