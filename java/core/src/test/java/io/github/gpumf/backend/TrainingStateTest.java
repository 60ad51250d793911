package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.LazyAdam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingStateTest {
  private static final long SEED = 17;
  private static final UniformInitializer INITIALIZER = new UniformInitializer(-0.25, 0.5);

  /** One factor; some; as many as are drawn at a time, and one more; several times as many. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "5, 7, 3", "64, 1, 64", "4097, 3, 1", "1000, 333, 13"})
  void aFactorHasTheDrawOfItsPlace(int users, int items, int k) {
    Ratings none = Ratings.builder(IdMap.dense(users), IdMap.dense(items), 0, false, false).build();
    Mf spec = Mf.biased(k).withInitializer(INITIALIZER);
    TrainingState state = TrainingState.initial(none, spec, new LazyAdam(0.1), SEED);
    Weights weights = state.weights();
    assertDraws(Purpose.USER_FACTORS, weights.userFactors());
    assertDraws(Purpose.ITEM_FACTORS, weights.itemFactors());
    for (Weights slot : state.slots()) {
      assertZero(slot.userFactors());
      assertZero(slot.itemFactors());
    }
    assertEquals(0, state.step());
  }

  private static void assertDraws(Purpose purpose, FloatTable factors) {
    CounterRandom random = CounterRandom.of(SEED, purpose, 0);
    for (long row = 0; row < factors.rows(); row++) {
      for (int column = 0; column < factors.columns(); column++) {
        float draw = random.uniform(row * factors.columns() + column);
        assertEquals(INITIALIZER.apply(draw), factors.get(row, column));
      }
    }
  }

  private static void assertZero(FloatTable table) {
    assertTrue(table.rows() > 0);
    for (long row = 0; row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        assertEquals(0, table.get(row, column));
      }
    }
  }
}
