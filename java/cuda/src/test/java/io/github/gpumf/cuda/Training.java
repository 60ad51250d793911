package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Optimizer;

/** Small trainings of awkward sizes. */
final class Training {
  static final int USERS = 37;
  static final int ITEMS = 23;

  private Training() {}

  /** Random ratings 1..5. */
  static Ratings ratings(int count, boolean weighted) {
    CounterRandom random = CounterRandom.of(11, Purpose.SYNTHETIC, 0);
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(USERS), IdMap.dense(ITEMS), count, false, weighted);
    for (int row = 0; row < count; row++) {
      builder.set(
          row,
          (int) (random.uniform(4L * row) * USERS),
          (int) (random.uniform(4L * row + 1) * ITEMS),
          1 + (int) (5 * random.uniform(4L * row + 2)));
      if (weighted) {
        builder.weight(row, 1 + random.uniform(4L * row + 3));
      }
    }
    return builder.build();
  }

  static TrainingJob job(Ratings ratings, Mf spec, Optimizer optimizer, int batchSize) {
    return new TrainingJob(
        ratings,
        spec,
        optimizer,
        batchSize,
        true,
        5,
        1,
        1e6,
        TrainingState.initial(ratings, spec, optimizer, 5));
  }
}
