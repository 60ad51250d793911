package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NumbersTest {
  private static float parseFloat(String text) {
    char[] padded = ("9" + text + "9").toCharArray();
    return Numbers.parseFloat(padded, 1, padded.length - 1);
  }

  private static long parseLong(String text) {
    char[] padded = ("9" + text + "9").toCharArray();
    return Numbers.parseLong(padded, 1, padded.length - 1);
  }

  @Test
  void longsKeepAllDigits() {
    assertEquals(1_700_000_000_123_456_789L, parseLong("1700000000123456789"));
    assertEquals(1_700_000_000_123_456_789L, parseLong("1700000000123456789.0"));
    assertEquals(-1_700_000_000_123_456_790L, parseLong("-1700000000123456789.5"));
    assertEquals(1_700_000_000_123_456_789L, parseLong("+1.700000000123456789e18"));
    assertEquals(Long.MAX_VALUE, parseLong("9223372036854775807"));
    assertEquals(Long.MIN_VALUE, parseLong("-9223372036854775808"));
    for (String none : List.of("9223372036854775808", "-9223372036854775809", "1e400", "NaN", "")) {
      assertThrows(NumberFormatException.class, () -> parseLong(none), none);
    }
    // Other scripts' digits are none, as in ratings.
    assertThrows(NumberFormatException.class, () -> parseLong("\u0663\u0664"));
  }

  @Test
  void floatsAreReadAsJavaReadsThem() {
    for (String text :
        List.of(
            "0",
            "5",
            "-5",
            "3.5",
            ".5",
            "5.",
            "-0",
            "+4",
            "1e2",
            "1.5E-3",
            "16777217",
            "0.1",
            "0.30000001",
            "1677721.9",
            "3.4028235e38",
            "1e-45",
            "00012",
            "0.0000000001",
            "0.00000000001",
            "123456789.123456789")) {
      assertEquals(Float.parseFloat(text), parseFloat(text), text);
    }
  }

  @Test
  void randomFloatsAreReadAsJavaReadsThem() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      String text = Integer.toString(random.nextInt(1 << (1 + random.nextInt(30))));
      int point = random.nextInt(text.length() + 1);
      String number =
          (random.nextBoolean() ? "-" : "")
              + text.substring(0, point)
              + "."
              + text.substring(point);
      assertEquals(Float.parseFloat(number), parseFloat(number), number);
    }
  }

  @Test
  void whatIsNoDecimalNumberIsRefused() {
    for (String text :
        List.of(
            "", "-", ".", "+", "abc", "3,5", "1f", "2d", "0x10", "1 2", " 1", "--1", "1.2.3", "e5",
            "\u0663")) {
      assertThrows(NumberFormatException.class, () -> parseFloat(text), text);
      assertFalse(Numbers.isNumber(text), text);
    }
  }

  @Test
  void whatIsNotFiniteIsANumber() {
    for (String text : List.of("NaN", "nan", "inf", "-inf", "Infinity", "-Infinity", "1e99")) {
      assertFalse(Float.isFinite(parseFloat(text)), text);
      assertTrue(Numbers.isNumber(text), text);
    }
  }

  @Test
  void longsAreReadAndDecimalsLoseTheirFraction() {
    assertEquals(0, parseLong("0"));
    assertEquals(964982703, parseLong("964982703"));
    assertEquals(-12, parseLong("-12"));
    assertEquals(Long.MAX_VALUE, parseLong("9223372036854775807"));
    assertEquals(Long.MIN_VALUE, parseLong("-9223372036854775808"));
    assertEquals(964982703, parseLong("964982703.75"));
    assertEquals(-2, parseLong("-1.5"));
    assertEquals(964982703, parseLong("9.64982703e8"));
    for (String text :
        List.of("", "x", "2020-01-01", "NaN", "inf", "1e19", "9223372036854775808")) {
      assertThrows(NumberFormatException.class, () -> parseLong(text), text);
    }
  }
}
