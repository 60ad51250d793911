package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares weights. */
public final class WeightsAssert {
  private WeightsAssert() {}

  /** All numbers of all tables, one table after the other. */
  public static float[] numbers(Weights weights) {
    List<@Nullable FloatTable> tables = new ArrayList<>();
    tables.add(weights.userFactors());
    tables.add(weights.itemFactors());
    tables.add(weights.userBias());
    tables.add(weights.itemBias());
    tables.add(weights.dense());
    List<Float> numbers = new ArrayList<>();
    for (FloatTable table : tables) {
      for (long row = 0; table != null && row < table.rows(); row++) {
        for (int column = 0; column < table.columns(); column++) {
          numbers.add(table.get(row, column));
        }
      }
    }
    float[] array = new float[numbers.size()];
    for (int at = 0; at < array.length; at++) {
      array[at] = numbers.get(at);
    }
    return array;
  }

  /** The largest difference of two numbers at the same place; NaN if there is one. */
  public static double largestDifference(Weights expected, Weights actual) {
    float[] x = numbers(expected);
    float[] y = numbers(actual);
    assertEquals(x.length, y.length);
    double largest = 0;
    for (int at = 0; at < x.length; at++) {
      largest = Math.max(largest, Math.abs((double) x[at] - y[at]));
    }
    return largest;
  }

  /** Fails unless all bits are the same. */
  public static void assertSameBits(Weights expected, Weights actual, String message) {
    float[] x = numbers(expected);
    float[] y = numbers(actual);
    assertEquals(x.length, y.length);
    for (int at = 0; at < x.length; at++) {
      if (Float.floatToRawIntBits(x[at]) != Float.floatToRawIntBits(y[at])) {
        int place = at;
        assertEquals(x[at], y[at], () -> message + ", number " + place);
      }
    }
  }
}
