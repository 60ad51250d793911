package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Permutation;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShuffleTest {
  /** Around powers of two, where walks are short and long, and around what fits a lane. */
  @ParameterizedTest
  @ValueSource(
      longs = {
        1,
        2,
        3,
        15,
        16,
        17,
        33,
        1000,
        1024,
        1025,
        65_537,
        1_000_209,
        (1L << 30) + 1,
        1L << 31,
        (1L << 31) + 1,
        1L << 40
      })
  void isThePermutation(long size) {
    Permutation permutation = new Permutation(size, 5, Purpose.SHUFFLE, 3);
    int count = (int) Math.min(size, 200);
    for (long start : new long[] {0, size / 2, size - count}) {
      int from = count / 3;
      int most = (int) Math.min(count, size - start);
      long[] expected =
          LongStream.range(0, count)
              .map(at -> at < from || at >= most ? -1 : permutation.apply(start + at))
              .toArray();
      long[] images = new long[count];
      java.util.Arrays.fill(images, -1);
      new Shuffle(permutation).apply(start, from, most, images);
      assertArrayEquals(expected, images, "from " + start + " of " + size);
    }
  }
}
