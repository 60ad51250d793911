package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Rows that rest, against Adam's formula step by step in double. */
class DeferredAdamTest {
  private static final int STEPS_PER_EPOCH = 50;
  private static final int COLUMNS = 21;
  private static final Shaped.Shape SHAPE = Shaped.Shape.ofRows(rowBytes());
  private static final RowLoops ROWS = Shaped.make(BatchRows.class, SHAPE);

  private static int rowBytes() {
    try (Arena arena = Arena.ofConfined()) {
      return PaddedTable.ofRows(1, COLUMNS, arena).rowBytes();
    }
  }

  private static final List<LearningRate> SCHEDULES =
      List.of(
          LearningRate.constant(1e-3),
          LearningRate.exponential(0.01, 0.8),
          LearningRate.cosine(0.005, 3).withWarmUp(1.5));

  /** The move of a weight over some steps without a gradient. */
  private static double literalMove(
      Adam adam, RowUpdate update, double m, double v, long last, long step) {
    double move = 0;
    for (long t = last; t < step; t++) {
      m *= adam.beta1();
      v *= adam.beta2();
      move += update.alpha(t, STEPS_PER_EPOCH) * m / (Math.sqrt(v) + adam.epsilon());
    }
    return move;
  }

  @Test
  void aRestedRowIsWhereItsStepsWouldHaveLeftIt() {
    CounterRandom random = CounterRandom.of(1, Purpose.SYNTHETIC, 0);
    long draw = 0;
    for (LearningRate schedule : SCHEDULES) {
      Adam adam = new Adam(schedule);
      RowUpdate update = update(adam);
      DeferredAdam deferred = Objects.requireNonNull(DeferredAdam.of(adam, update));
      long first = 7; // steps before the epoch
      deferred.prepare(first, 900, STEPS_PER_EPOCH);
      for (int rest : new int[] {1, 2, 3, 10, 57, 199, 511, 512, 899}) { // numbers are kept to 511
        try (Arena arena = Arena.ofConfined()) {
          FloatTable weights = FloatTable.allocate(2, COLUMNS, arena);
          FloatTable moments = FloatTable.allocate(2, COLUMNS, arena);
          FloatTable squares = FloatTable.allocate(2, COLUMNS, arena);
          for (int column = 0; column < COLUMNS; column++) {
            // v from far below epsilon squared, 1e-14, to 1; m as large as its root, or smaller.
            double v = Math.pow(10, -22 * random.uniform(draw++));
            weights.set(1, column, random.uniform(draw++) - 0.5f);
            moments.set(1, column, (float) ((2 * random.uniform(draw++) - 1) * Math.sqrt(v)));
            squares.set(1, column, (float) v);
          }
          PaddedTable w = padded(weights, arena);
          PaddedTable m = padded(moments, arena);
          PaddedTable v = padded(squares, arena);
          long last = first + 1;
          Rests rests = rests(deferred, 1, last, last + rest);
          ROWS.catchUp(rests, w.row(0), m.row(0), v.row(0), deferred.epsilon());
          FloatTable moved = unpadded(w, arena);
          for (int column = 0; column < COLUMNS; column++) {
            double before = weights.get(1, column);
            double move =
                literalMove(
                    adam,
                    update,
                    moments.get(1, column),
                    squares.get(1, column),
                    last,
                    last + rest);
            // The terms left out are 2e-8 of the move; some ten roundings of a float are more.
            double tolerance = 1e-6 * Math.abs(move) + Math.ulp((float) before);
            assertEquals(before - move, moved.get(1, column), tolerance, schedule + ", " + rest);
            assertEquals(
                moments.get(1, column) * Math.pow(0.9, rest),
                unpadded(m, arena).get(1, column),
                2e-7 * Math.abs(moments.get(1, column)));
            assertEquals(0, moved.get(0, column), "no other row");
          }
        }
      }
    }
  }

  @Test
  void aRestInTwoPartsIsOneRest() {
    Adam adam = new Adam(LearningRate.cosine(0.01, 2));
    RowUpdate update = update(adam);
    DeferredAdam deferred = Objects.requireNonNull(DeferredAdam.of(adam, update));
    deferred.prepare(0, 100, STEPS_PER_EPOCH);
    try (Arena arena = Arena.ofConfined()) {
      float[] once = {0.5f, 0.02f, 0.003f};
      float[] twice = once.clone();
      rest(deferred, once, 3, 80, arena);
      rest(deferred, twice, 3, 17, arena);
      rest(deferred, twice, 17, 80, arena);
      for (int at = 0; at < once.length; at++) {
        assertEquals(once[at], twice[at], 4 * Math.ulp(once[at]));
      }
      assertTrue(once[0] != 0.5f, "it moves");
    }
  }

  private static Rests rests(DeferredAdam deferred, int row, long last, long step) {
    Rests rests = new Rests(1);
    rests.rows[0] = row;
    rests.lengths[0] = (int) (step - last);
    rests.count = 1;
    rests.findNumbers(deferred, step);
    return rests;
  }

  /** Rests a single number {w, m, v}: a bias beside an empty row. */
  private static void rest(DeferredAdam deferred, float[] x, long last, long step, Arena arena) {
    PaddedTable numbers = PaddedTable.ofColumn(3, arena);
    for (int at = 0; at < x.length; at++) {
      Lanes.set(numbers.row(at), x[at]);
    }
    Rests rests = rests(deferred, 0, last, step);
    deferred.catchUpNumbers(rests, numbers.row(0), numbers.row(1), numbers.row(2));
    for (int at = 0; at < x.length; at++) {
      x[at] = Lanes.get(numbers.row(at));
    }
  }

  @Test
  void aRowWithoutMomentumStays() {
    Adam adam = new Adam(0.1);
    DeferredAdam deferred = Objects.requireNonNull(DeferredAdam.of(adam, update(adam)));
    deferred.prepare(0, 10, STEPS_PER_EPOCH);
    try (Arena arena = Arena.ofConfined()) {
      float[] x = {0.3f, 0, 0};
      rest(deferred, x, 0, 10, arena);
      assertEquals(0.3f, x[0]);
    }
  }

  @Test
  void refusesBetasForWhichItsTermsAreNotGoodEnough() {
    LearningRate rate = LearningRate.constant(1e-3);
    for (double[] betas : new double[][] {{0.9, 0.99}, {0.99, 0.999}, {0.9999, 0.999}, {0.9, 0}}) {
      Adam adam = new Adam(rate, betas[0], betas[1], 1e-7);
      assertNull(DeferredAdam.of(adam, update(adam)), betas[0] + ", " + betas[1]);
    }
    for (double[] betas : new double[][] {{0.9, 0.999}, {0, 0.999}, {0.5, 0.999}, {0.9, 0.9999}}) {
      Adam adam = new Adam(rate, betas[0], betas[1], 1e-7);
      assertNotNull(DeferredAdam.of(adam, update(adam)), betas[0] + ", " + betas[1]);
    }
  }

  private static PaddedTable padded(FloatTable table, Arena arena) {
    PaddedTable padded = PaddedTable.ofRows(table.rows(), table.columns(), arena);
    padded.copyFrom(table);
    return padded;
  }

  private static FloatTable unpadded(PaddedTable padded, Arena arena) {
    FloatTable table = FloatTable.allocate(padded.rows(), padded.columns(), arena);
    padded.copyTo(table);
    return table;
  }

  private static RowUpdate update(Adam adam) {
    return RowUpdate.of(adam, SHAPE);
  }
}
