package io.github.gpumf.data;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Reads numbers out of a part of a text, without garbage where they are short. */
final class Numbers {
  /** Up to here both mantissa and power are exact floats, so one division rounds correctly. */
  private static final float[] EXACT_POWERS = {
    1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f
  };

  private static final int EXACT_MANTISSA = 1 << 24;

  /** Below, a double tells all whole numbers apart. */
  private static final double EXACT_WHOLE = 0x1p53;

  private Numbers() {}

  /**
   * Reads a decimal number; {@code NaN} and {@code Infinity} are read too, in any case, for the
   * caller to refuse.
   *
   * @throws NumberFormatException if it is none; the message says nothing
   */
  static float parseFloat(char[] text, int from, int to) {
    boolean negative = from < to && text[from] == '-';
    int mantissa = 0;
    int point = -1;
    int i = negative ? from + 1 : from;
    for (; i < to && mantissa < EXACT_MANTISSA / 10; i++) {
      char c = text[i];
      if (c >= '0' && c <= '9') {
        mantissa = 10 * mantissa + (c - '0');
      } else if (c == '.' && point < 0) {
        point = i;
      } else {
        break;
      }
    }
    int digits = i - from - (negative ? 1 : 0) - (point < 0 ? 0 : 1);
    int fraction = point < 0 ? 0 : i - point - 1;
    if (i < to || digits == 0 || fraction >= EXACT_POWERS.length) {
      return (float) parseSlowly(new String(text, from, to - from), true);
    }
    float value = mantissa / EXACT_POWERS[fraction];
    return negative ? -value : value;
  }

  /**
   * Reads a whole number, or the floor of a decimal one.
   *
   * @throws NumberFormatException if it is none or no long; the message says nothing
   */
  static long parseLong(char[] text, int from, int to) {
    long value = 0;
    int i = from;
    for (; i < to && i - from < 18 && text[i] >= '0' && text[i] <= '9'; i++) {
      value = 10 * value + (text[i] - '0');
    }
    if (i == to && i > from) {
      return value;
    }
    String number = new String(text, from, to - from);
    double decimal = Math.floor(parseSlowly(number, false));
    if (Math.abs(decimal) < EXACT_WHOLE) {
      return (long) decimal;
    }
    if (!(Math.abs(decimal) <= 0x1p63)) {
      throw new NumberFormatException();
    }
    try {
      return new BigDecimal(number).setScale(0, RoundingMode.FLOOR).longValueExact();
    } catch (ArithmeticException beyondLongs) {
      throw new NumberFormatException();
    }
  }

  /** Whether a text is meant as a number, be it NaN, infinite or out of range. */
  static boolean isNumber(String text) {
    try {
      parseSlowly(text, false);
      return true;
    } catch (NumberFormatException notANumber) {
      return false;
    }
  }

  /** Reads a decimal number, but not the suffixes and hexadecimals of Java. */
  private static double parseSlowly(String number, boolean asFloat) {
    switch (number.toLowerCase(java.util.Locale.ROOT)) {
      case "nan", "-nan", "+nan" -> {
        return Double.NaN;
      }
      case "inf", "+inf", "infinity", "+infinity" -> {
        return Double.POSITIVE_INFINITY;
      }
      case "-inf", "-infinity" -> {
        return Double.NEGATIVE_INFINITY;
      }
      default -> {}
    }
    for (int i = 0; i < number.length(); i++) {
      char c = number.charAt(i);
      if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
        throw new NumberFormatException();
      }
    }
    // Not one after the other: rounding to double and then to float may round twice.
    return asFloat ? Float.parseFloat(number) : Double.parseDouble(number);
  }
}
