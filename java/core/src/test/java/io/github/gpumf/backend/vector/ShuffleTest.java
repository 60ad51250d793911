package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.Permutation;
import java.util.Random;
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
        (1L << 31) - 1,
        1L << 31,
        (1L << 31) + 1,
        1L << 40
      })
  void isTheInverseOfThePermutation(long size) {
    Permutation permutation = new Permutation(size, 5, Purpose.SHUFFLE, 3);
    Shuffle shuffle = new Shuffle(permutation);
    Random random = new Random(1);
    for (int count : new int[] {1, 200, 0, 17, 64, 300}) { // what it keeps grows and is used again
      long[] indices = random.longs(count, 0, size).toArray();
      long[] images = LongStream.of(indices).map(permutation::apply).toArray();
      shuffle.invert(images, count);
      assertArrayEquals(indices, images, count + " of " + size);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 99})
  void leavesWhatComesAfter(int count) {
    Permutation permutation = new Permutation(100, 5, Purpose.SHUFFLE, 3);
    long[] expected =
        LongStream.range(0, 100).map(at -> at < count ? permutation.invert(at) : at).toArray();
    long[] images = LongStream.range(0, 100).toArray();
    new Shuffle(permutation).invert(images, count);
    assertArrayEquals(expected, images);
  }
}
