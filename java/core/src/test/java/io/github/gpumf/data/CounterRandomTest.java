package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.gpumf.data.CounterRandom.Purpose;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CounterRandomTest {
  /** The lines {@code philox4x32 10} of kat_vectors in the Random123 distribution. */
  @Test
  void philoxGivesTheKnownAnswers() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0, 0));
    assertArrayEquals(
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1, -1));
    assertArrayEquals(
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
  }

  private static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
    CounterRandom.Block block = CounterRandom.philox(c0, c1, c2, c3, k0, k1);
    return IntStream.range(0, 4).map(block::word).toArray();
  }

  @Test
  void fourIndicesShareTheBlockOfTheirCounter() {
    CounterRandom random = CounterRandom.of(0x299f31d0_a4093822L, Purpose.USER_FACTORS, 0x13198a2e);
    long index = 0x05a308d3_243f6a88L;
    int[] words = block(0x243f6a88, 0x05a308d3, 0x13198a2e, 0, 0xa4093822, 0x299f31d0);
    for (int lane = 0; lane < 4; lane++) {
      assertEquals(words[lane], random.word(4 * index + lane));
    }
  }

  @Test
  void seedsPurposesAndSubstreamsTellSequencesApart() {
    Set<Integer> words = new HashSet<>();
    int sequences = 0;
    for (long seed : new long[] {0, 1, -1, 1L << 32}) {
      for (Purpose purpose : Purpose.values()) {
        for (long substream : new long[] {0, 1, 0xFFFFFFFFL}) {
          words.add(CounterRandom.of(seed, purpose, substream).word(5));
          sequences++;
        }
      }
    }
    assertEquals(sequences, words.size());
  }

  @Test
  void substreamHas32Bits() {
    for (long bad : new long[] {-1, 1L << 32}) {
      Thrown.assertIllegal(Long.toString(bad), () -> CounterRandom.of(0, Purpose.SHUFFLE, bad));
    }
  }

  /** Each bucket holds 1000 of 100,000 draws on average; 5 standard deviations are 158. */
  @Test
  void uniformDrawsFillTheUnitIntervalEvenly() {
    CounterRandom random = CounterRandom.of(7, Purpose.SYNTHETIC, 3);
    int[] floats = new int[100];
    int[] doubles = new int[100];
    for (int i = 0; i < 100_000; i++) {
      floats[(int) (100 * random.uniform(i))]++;
      doubles[(int) (100 * random.uniformDouble(i))]++;
    }
    for (int bucket = 0; bucket < 100; bucket++) {
      assertEquals(1000, floats[bucket], 158);
      assertEquals(1000, doubles[bucket], 158);
    }
  }

  /** Tolerances are 5 standard errors: sqrt(1/n), sqrt(2/n) and sqrt(96/n) for n = 100,000. */
  @Test
  void gaussianDrawsHaveTheMomentsOfAStandardNormal() {
    CounterRandom random = CounterRandom.of(11, Purpose.SYNTHETIC, 0);
    int n = 100_000;
    double mean = 0;
    double square = 0;
    double fourth = 0;
    for (int i = 0; i < n; i++) {
      double x = random.gaussian(i);
      mean += x / n;
      square += x * x / n;
      fourth += x * x * x * x / n;
    }
    assertEquals(0, mean, 0.016);
    assertEquals(1, square, 0.023);
    assertEquals(3, fourth, 0.155);
  }

  /** From each place in a block, to each. */
  @Test
  void manyDrawsAreThoseOneByOne() {
    CounterRandom random = CounterRandom.of(5, Purpose.USER_FACTORS, 0);
    for (long first : new long[] {0, 1, 2, 3, 4, (1L << 34) - 3, -5}) {
      for (int count = 0; count < 13; count++) {
        float[] floats = new float[count];
        random.uniform(first, floats);
        for (int at = 0; at < count; at++) {
          assertEquals(random.uniform(first + at), floats[at]);
        }
      }
    }
  }

  @Test
  void uniformIsTheTopOfTheWord() {
    CounterRandom random = CounterRandom.of(3, Purpose.ITEM_FACTORS, 0);
    for (long index : new long[] {0, 1, 63, 1L << 40, -1}) {
      assertEquals((random.word(index) >>> 8) / 16777216f, random.uniform(index));
      assertNotEquals(random.word(index), random.word(index + 1));
    }
  }
}
