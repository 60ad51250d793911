package io.github.gpumf.backend.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.HalfPrecisionContract;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.PerRatingContract;
import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.RatingGrid.Visits;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A GPU's order of ratings, in plain loops. */
final class ScalarItemsTogetherTest {
  private static final Cut CUT = new Cut(8, 32, Visits.ITEMS_TOGETHER);

  /** The scalar backend, but for its cut. */
  private record Together(Backend scalar) implements Backend {
    @Override
    public String name() {
      return scalar.name();
    }

    @Override
    public String device() {
      return scalar.device();
    }

    @Override
    public Cut cut() {
      return CUT;
    }

    @Override
    public Precision precision(Precision asked) {
      return scalar.precision(asked);
    }

    @Override
    public MemoryPlan plan(TrainingShape shape) {
      return scalar.plan(shape);
    }

    @Override
    public TrainingSession openTraining(TrainingJob job) {
      return scalar.openTraining(job);
    }

    @Override
    public Scorer openScorer(MfModel model) {
      return scalar.openScorer(model);
    }
  }

  @Nested
  final class InFloats extends PerRatingContract {
    @Override
    protected Backend backend() {
      return new Together(new ScalarBackend());
    }
  }

  @Nested
  final class InHalves extends HalfPrecisionContract {
    @Override
    protected Backend backend() {
      return new Together(new ScalarBackend());
    }
  }

  private static final Split SPLIT =
      Splitter.random(SyntheticRatings.movieLensLike().generate(), 0.1, 1);

  private static final int EPOCHS = 12;

  /** Optimizers, and how much their RMSE may differ. */
  static List<Arguments> optimizers() {
    return List.of(
        Arguments.of(new Sgd(0.02), 0.002),
        Arguments.of(new LazyAdam(0.002), 0.008),
        Arguments.of(new AdaGrad(LearningRate.constant(0.1), Accumulator.ROW, 1e-10), 0.008),
        Arguments.of(new AdaGrad(LearningRate.constant(0.1), Accumulator.ELEMENT, 1e-10), 0.004));
  }

  /** The RMSE on held-out ratings. */
  private static double rmse(Optimizer optimizer, Cut cut) {
    Ratings ratings = SPLIT.train();
    Mf spec = Mf.biased(8).withMeanOffset(true).withRegularization(0.02);
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            optimizer,
            Updates.PER_RATING,
            Precision.SINGLE,
            1,
            cut,
            true,
            3,
            1,
            1e6,
            TrainingState.initial(ratings, spec, optimizer, 3));
    try (TrainingSession session = new ScalarBackend().openTraining(job)) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        session.run(epoch, 0, job.batchesPerEpoch());
      }
      return Math.sqrt(session.squaredError(SPLIT.test()) / SPLIT.test().size());
    }
  }

  /**
   * The error is some 0.65, and 0.56 to who knows the truth. All move a row of an item once for up
   * to eight ratings, which they predict without what the row has learned from one another. Sgd
   * adds up the same gradients; AdaGrad divides by the same squares, each rating's, but moves by
   * all of them; LazyAdam's moments take a sum for one gradient. Twice what each differs by is
   * allowed.
   */
  @ParameterizedTest
  @MethodSource("optimizers")
  void learnsNearlyAsWellAsUsersInTurn(Optimizer optimizer, double tolerance) {
    double together = rmse(optimizer, CUT);
    double inTurn = rmse(optimizer, new Cut(8, 32, Visits.USERS_IN_TURN));
    assertEquals(inTurn, together, tolerance, optimizer::toString);
    assertEquals(0.65, together, 0.02, optimizer::toString);
  }
}
