package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.CounterRandom.Purpose;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermutationTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 1000, 65535, 65536, 65537})
  void isABijection(int size) {
    for (long seed = 0; seed < 5; seed++) {
      Permutation permutation = new Permutation(size, seed, Purpose.SHUFFLE, 0);
      BitSet images = new BitSet(size);
      for (int index = 0; index < size; index++) {
        long image = permutation.apply(index);
        assertTrue(image >= 0 && image < size, "image " + image + ", seed " + seed);
        assertFalse(images.get((int) image), "twice: " + image + ", seed " + seed);
        images.set((int) image);
        assertEquals(index, permutation.invert(image), "the way back, seed " + seed);
      }
    }
  }

  /** Without storage the size is no limit: indices beyond 32 bits, all distinct. */
  @Test
  void worksBeyond32Bits() {
    long size = (1L << 40) + 12345;
    Permutation permutation = new Permutation(size, 1, Purpose.SHUFFLE, 0);
    Map<Long, Long> images = new HashMap<>();
    double mean = 0;
    for (long step = 0; step < 10_000; step++) {
      long image = permutation.apply(step * (size / 10_000));
      assertTrue(image >= 0 && image < size);
      images.put(image, step);
      assertEquals(step * (size / 10_000), permutation.invert(image));
      mean += (double) image / size / 10_000;
    }
    assertEquals(10_000, images.size());
    // Standard error of the mean of uniform numbers: sqrt(1 / 12 / 10,000) = 0.0029; 5 of them.
    assertEquals(0.5, mean, 0.0145);
  }

  @Test
  void seedsAndSubstreamsGiveOtherOrders() {
    Permutation first = new Permutation(1000, 1, Purpose.SHUFFLE, 0);
    for (Permutation other :
        new Permutation[] {
          new Permutation(1000, 2, Purpose.SHUFFLE, 0),
          new Permutation(1000, 1, Purpose.SHUFFLE, 1),
          new Permutation(1000, 1, Purpose.SPLIT, 0)
        }) {
      int same = 0;
      for (int index = 0; index < 1000; index++) {
        same += first.apply(index) == other.apply(index) ? 1 : 0;
      }
      // One is expected (Poisson); more than ten happens once in 10^8.
      assertTrue(same <= 10, same + " images agree");
    }
  }

  /**
   * Over seeds, each of 6 elements goes to each of 6 places equally often: 1000 of 6000, with a
   * standard deviation of 29.
   */
  @Test
  void everyPlaceIsEquallyLikely() {
    int[][] counts = new int[6][6];
    for (long seed = 0; seed < 6000; seed++) {
      Permutation permutation = new Permutation(6, seed, Purpose.SHUFFLE, 0);
      for (int index = 0; index < 6; index++) {
        counts[index][(int) permutation.apply(index)]++;
      }
    }
    for (int[] row : counts) {
      for (int count : row) {
        assertEquals(1000, count, 150);
      }
    }
  }

  @Test
  void refusesWhatIsOutside() {
    Permutation permutation = new Permutation(3, 0, Purpose.SHUFFLE, 0);
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.apply(3));
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.apply(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.invert(3));
    assertThrows(IndexOutOfBoundsException.class, () -> permutation.invert(-1));
    assertThrows(IllegalArgumentException.class, () -> new Permutation(-1, 0, Purpose.SHUFFLE, 0));
    Permutation empty = new Permutation(0, 0, Purpose.SHUFFLE, 0);
    assertThrows(IndexOutOfBoundsException.class, () -> empty.apply(0));
    assertNotEquals(permutation.size(), empty.size());
  }
}
