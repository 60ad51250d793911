package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.model.UniformInitializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** {@code initial.cu}: the CPU's numbers, bit for bit. */
final class InitialFactorsTest {
  private static final long SEED = 0x1234_5678_9ABC_DEF0L;

  @ParameterizedTest
  @FieldSource("io.github.gpumf.cuda.Gpu#BINDINGS")
  void areThoseOfTheCpu(String binding) {
    UniformInitializer initializer = new UniformInitializer(-0.05, 0.07);
    CounterRandom random = CounterRandom.of(SEED, Purpose.ITEM_FACTORS, 0);
    for (int k : Sizes.FACTORS) {
      for (int rows : new int[] {0, 1, 37}) {
        float[] expected = new float[rows * k];
        for (int at = 0; at < expected.length; at++) {
          expected[at] = initializer.apply(random.uniform(at));
        }
        for (int threads : new int[] {32, 96}) {
          try (Gpu gpu = Gpu.open(binding)) {
            DeviceBuffer table = gpu.allocate(4L * rows * Gpu.stride(k));
            gpu.run(
                "initial",
                "initial_factors",
                LaunchShape.of(3, threads),
                table,
                (long) rows,
                k,
                Gpu.stride(k),
                (float) initializer.low(),
                (float) (initializer.high() - initializer.low()),
                SEED,
                random.stream());
            assertArrayEquals(expected, gpu.rows(table, k), () -> "k = " + k);
          }
        }
      }
    }
  }
}
