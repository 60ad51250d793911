package io.github.gpumf.backend.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.SyntheticRatings;
import io.github.gpumf.data.Workers;
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
        toHalves(row);
      }
    }
    int together = 0;
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid = RatingGrid.of(ratings, job.gridSize(), visits, arena, Workers.CALLER);
      for (int round = 0; round < grid.size().rounds(); round++) {
        for (int block = 0; block < grid.size().blocks(); block++) {
          long first = grid.start(round, block);
          for (byte size : grid.groups(round, block)) {
            long end = first + size;
            if (size > 1 && grid.item(first) == grid.item(first + 1)) {
              together++;
            }
            float[] slopes = new float[size];
            for (long at = first; at < end; at++) {
              float[] ofUser = p[grid.user(at)];
              float[] ofItem = q[grid.item(at)];
              float dot = 0;
              for (int factor = 0; factor < K; factor++) {
                dot += ofUser[factor] * ofItem[factor];
              }
              float error = dot + bu[grid.user(at)] + bi[grid.item(at)] - grid.value(at);
              slopes[(int) (at - first)] = 2 * error;
            }
            // Gradients of all before any row moves.
            float[][] gp = new float[p.length][K];
            float[][] gq = new float[q.length][K];
            float[] gbu = new float[p.length];
            float[] gbi = new float[q.length];
            for (long at = first; at < end; at++) {
              float slope = slopes[(int) (at - first)];
              for (int factor = 0; factor < K; factor++) {
                gp[grid.user(at)][factor] += slope * q[grid.item(at)][factor];
                gq[grid.item(at)][factor] += slope * p[grid.user(at)][factor];
              }
              gbu[grid.user(at)] += slope;
              gbi[grid.item(at)] += slope;
            }
            move(p, gp);
            move(q, gq);
            move(new float[][] {bu, bi}, new float[][] {gbu, gbi});
            for (; first < end; first++) {
              toHalves(p[grid.user(first)]);
              toHalves(q[grid.item(first)]);
            }
          }
        }
      }
    }
    assertEquals(visits == RatingGrid.Visits.ITEMS_TOGETHER, together > 10, together + " groups");
    try (TrainingSession session = ScalarSession.open(job)) {
      session.run(0, 0, job.batchesPerEpoch());
      Weights end = session.weights(Slot.CURRENT);
      assertRows(p, end.userFactors());
      assertRows(q, end.itemFactors());
    }
  }

  private static void move(float[][] table, float[][] gradients) {
    for (int row = 0; row < table.length; row++) {
      for (int column = 0; column < table[row].length; column++) {
        table[row][column] -= RATE * gradients[row][column];
      }
    }
  }

  private static void toHalves(float[] row) {
    for (int factor = 0; factor < K; factor++) {
      row[factor] = half(row[factor]);
    }
  }
}
