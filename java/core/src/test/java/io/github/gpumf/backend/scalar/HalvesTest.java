package io.github.gpumf.backend.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Half precision to the bit, as a loop that says it once more. */
final class HalvesTest {
  private static final int K = 3;
  private static final float RATE = 0.0625f;

  private static float half(float x) {
    return Float.float16ToFloat(Float.floatToFloat16(x));
  }

  private static float[][] rows(FloatTable table) {
    float[][] rows = new float[(int) table.rows()][table.columns()];
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < table.columns(); column++) {
        rows[row][column] = table.get(row, column);
      }
    }
    return rows;
  }

  private static void assertRows(float[][] expected, FloatTable actual) {
    for (int row = 0; row < expected.length; row++) {
      for (int column = 0; column < expected[row].length; column++) {
        assertEquals(expected[row][column], actual.get(row, column), row + ", " + column);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RatingGrid.Visits.class)
  void sgdIsThisLoop(RatingGrid.Visits visits) {
    Ratings ratings = SyntheticRatings.movieLensLike().withSize(80, 50, 900).generate();
    Mf spec = Mf.biased(K);
    TrainingState start = TrainingState.initial(ratings, spec, new Sgd(RATE), 3);
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            new Sgd(RATE),
            Updates.PER_RATING,
            Precision.HALF,
            1,
            new RatingGrid.Cut(3, 32, visits),
            false,
            0,
            1,
            1e6,
            start);
    float[][] p = rows(start.weights().userFactors());
    float[][] q = rows(start.weights().itemFactors());
    float[] bu = new float[p.length];
    float[] bi = new float[q.length];
    for (float[][] table : new float[][][] {p, q}) {
      for (float[] row : table) {
        for (int factor = 0; factor < K; factor++) {
          row[factor] = half(row[factor]);
        }
      }
    }
    int kept = 0;
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid =
          RatingGrid.of(ratings, job.gridSize(), visits, arena, RatingGrid.Workers.CALLER);
      for (int round = 0; round < grid.size().rounds(); round++) {
        for (int block = 0; block < grid.size().blocks(); block++) {
          int user = -1;
          int item = -1;
          for (long at = grid.start(round, block); at < grid.end(round, block); at++) {
            // A row that comes has been rounded when it was left: here, at the latest.
            if (grid.user(at) != user) {
              user = leave(p, user, grid.user(at));
            } else {
              kept++;
            }
            if (grid.item(at) != item) {
              item = leave(q, item, grid.item(at));
            } else {
              kept++;
            }
            float dot = 0;
            for (int factor = 0; factor < K; factor++) {
              dot += p[user][factor] * q[item][factor];
            }
            float slope = 2 * (dot + bu[user] + bi[item] - grid.value(at));
            for (int factor = 0; factor < K; factor++) {
              float before = p[user][factor];
              p[user][factor] -= RATE * (slope * q[item][factor]);
              q[item][factor] -= RATE * (slope * before);
            }
            bu[user] -= RATE * slope;
            bi[item] -= RATE * slope;
          }
          leave(p, user, -1);
          leave(q, item, -1);
        }
      }
    }
    if (visits == RatingGrid.Visits.ITEM_BY_ITEM) {
      assertTrue(kept > 100, kept + " rows stay where they are");
    }
    try (TrainingSession session = ScalarSession.open(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      Weights end = session.weights(Slot.CURRENT);
      assertRows(p, end.userFactors());
      assertRows(q, end.itemFactors());
    }
  }

  private static int leave(float[][] table, int row, int next) {
    for (int factor = 0; row >= 0 && factor < K; factor++) {
      table[row][factor] = half(table[row][factor]);
    }
    return next;
  }
}
