package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.PerRatingContract;
import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import org.junit.jupiter.api.Test;

final class CudaPerRatingTest extends PerRatingContract {
  @Override
  protected Backend backend() {
    return TestBackend.get();
  }

  @Test
  void refusesAnotherOrder() {
    Ratings ratings = Training.ratings(100, false);
    Mf spec = Mf.biased(2);
    Sgd sgd = new Sgd(0.1);
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            sgd,
            Updates.PER_RATING,
            Precision.SINGLE,
            1,
            Cut.OF_PROCESSOR,
            true,
            11,
            1,
            1e6,
            TrainingState.initial(ratings, spec, sgd, 3));
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> backend().openTraining(job));
    assertEquals(
        "a GPU works on groups of ratings in the order ITEMS_TOGETHER, not USERS_IN_TURN; give the job what cut() answers, or use another backend",
        refusal.getMessage());
  }
}
