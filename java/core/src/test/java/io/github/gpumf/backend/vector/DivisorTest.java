package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DivisorTest {
  @ParameterizedTest
  @ValueSource(
      ints = {
        1,
        2,
        3,
        5,
        7,
        1000,
        1023,
        1024,
        1025,
        8192,
        8193,
        (1 << 30) - 1,
        1 << 30,
        (1 << 30) + 1,
        Integer.MAX_VALUE - 1,
        Integer.MAX_VALUE
      })
  void dividesAsTheOperatorDoes(int divisor) {
    // Rounding would be seen around multiples, and most at the largest of them.
    long last = Integer.MAX_VALUE / divisor;
    long[] dividends =
        LongStream.of(0, 1, 2, 3, last / 2, last - 1, last)
            .flatMap(quotient -> LongStream.rangeClosed(-2, 2).map(off -> quotient * divisor + off))
            .filter(dividend -> dividend >= 0 && dividend <= Integer.MAX_VALUE)
            .toArray();
    assertQuotients(divisor, dividends);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 1000, 8192, Integer.MAX_VALUE})
  void dividesWhatIsNoInt(int divisor) {
    assertQuotients(divisor, new long[] {0, 5, 1L << 31, (1L << 31) + 1, (1L << 32) - 1});
  }

  private static void assertQuotients(int divisor, long[] dividends) {
    int[] expected = LongStream.of(dividends).mapToInt(x -> (int) (x / divisor)).toArray();
    int[] quotients = new int[dividends.length];
    new Divisor(divisor).divide(dividends, dividends.length, quotients);
    assertArrayEquals(expected, quotients);
  }
}
