package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import java.util.function.Supplier;

/** How the weights of a session move. */
interface Steps {
  /** As {@link io.github.gpumf.backend.TrainingSession#run}. */
  EpochTotals run(int epoch, long from, long to);

  /** Steps done since the training began. */
  long step();

  /** Looks at current weights, without a trace in those to come. */
  <T> T current(Supplier<T> look);
}
