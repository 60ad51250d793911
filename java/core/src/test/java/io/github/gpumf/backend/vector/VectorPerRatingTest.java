package io.github.gpumf.backend.vector;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.PerRatingContract;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import org.junit.jupiter.api.Test;

final class VectorPerRatingTest extends PerRatingContract {
  @Override
  protected Backend backend() {
    return new VectorBackend();
  }

  @Test
  void factorsAreFloats() {
    assertEquals(Precision.SINGLE, backend().precision(Precision.HALF));
    TrainingJob job =
        perRating(ratings(5, 5, 9, false), Mf.biased(2), new Sgd(0.1), Precision.HALF, 1, 1);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> backend().openTraining(job));
    assertTrue(requireNonNull(refusal.getMessage()).contains("not HALF"), refusal::getMessage);
  }

  @Test
  void usersTakeTurns() {
    assertEquals(
        "the vector backend works on groups of ratings that share no row, in the order USERS_IN_TURN, not ITEMS_TOGETHER; give the job what cut() answers, or use another backend",
        refusalOf(RatingGrid.Visits.ITEMS_TOGETHER));
  }
}
