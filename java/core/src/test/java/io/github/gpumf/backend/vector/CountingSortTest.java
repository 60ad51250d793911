package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the sort of the library, which is stable too. */
final class CountingSortTest {
  /** Numbers, of which each knows its bin. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares them as values.
  private record Numbers(int[] bins, int[] sorted) implements CountingSort.Elements {
    static Numbers of(int[] bins) {
      return new Numbers(bins, new int[bins.length]);
    }

    @Override
    public void findBins(long from, int count, int[] found) {
      System.arraycopy(bins, (int) from, found, 0, count);
    }

    @Override
    public void move(long from, int count, int[] found, long[] places) {
      for (int at = 0; at < count; at++) {
        assertEquals(bins[(int) from + at], found[at]);
        sorted[(int) places[at]] = (int) from + at;
      }
    }

    int[] expected() {
      return IntStream.range(0, bins.length)
          .boxed()
          .sorted(Comparator.comparingInt(number -> bins[number]))
          .mapToInt(number -> number)
          .toArray();
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 3", "1, 1", "2, 5", "1023, 7", "1024, 2", "1025, 2000", "9999, 100"})
  void sortsAndKeepsTheOrderWithinABin(int size, int bins) {
    for (int threads : new int[] {1, 2, 3, 7}) {
      try (Team team = new Team(threads);
          Arena arena = Arena.ofConfined()) {
        CountingSort sort = new CountingSort(team, size, bins, arena);
        for (int seed = 0; seed < 3; seed++) { // one sort can be used again
          Numbers numbers = Numbers.of(new Random(seed).ints(size, 0, bins).toArray());
          sort.sort(() -> numbers);
          assertArrayEquals(numbers.expected(), numbers.sorted, threads + " threads");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 1", "5, 2", "5, 9", "4096, 64", "9999, 100", "10001, 4000"})
  void needNotCountBinsOfOneSize(int size, int binSize) {
    for (int threads : new int[] {1, 2, 3, 7}) {
      try (Team team = new Team(threads);
          Arena arena = Arena.ofConfined()) {
        CountingSort sort = new CountingSort(team, size, Math.ceilDiv(size, binSize), arena);
        for (int seed = 0; seed < 3; seed++) {
          Numbers numbers = Numbers.of(shuffled(size, seed));
          Arrays.setAll(numbers.bins, at -> numbers.bins[at] / binSize);
          sort.sort(() -> numbers, binSize);
          assertArrayEquals(numbers.expected(), numbers.sorted, threads + " threads");
        }
      }
    }
  }

  private static int[] shuffled(int size, int seed) {
    Random random = new Random(seed);
    int[] numbers = IntStream.range(0, size).toArray();
    for (int at = size - 1; at > 0; at--) {
      int other = random.nextInt(at + 1);
      int number = numbers[at];
      numbers[at] = numbers[other];
      numbers[other] = number;
    }
    return numbers;
  }
}
