package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.PerRatingContract;
import io.github.gpumf.backend.RatingGrid;
import org.junit.jupiter.api.Test;

final class CudaPerRatingTest extends PerRatingContract {
  @Override
  protected Backend backend() {
    return TestBackend.get();
  }

  @Test
  void itemsGoTogether() {
    assertEquals(
        "a GPU works on groups of ratings in the order ITEMS_TOGETHER, not USERS_IN_TURN; give the job what cut() answers, or use another backend",
        refusalOf(RatingGrid.Visits.USERS_IN_TURN));
  }
}
