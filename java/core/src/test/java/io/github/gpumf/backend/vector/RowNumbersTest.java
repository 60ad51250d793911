package io.github.gpumf.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class RowNumbersTest {
  private final RowNumbers numbers = new RowNumbers();

  @Test
  void eachKindHasAnArray() {
    fill();
    numbers.spread();
    assertArrayEquals(kind(0), numbers.bias);
    assertArrayEquals(kind(1), numbers.biasFirst);
    assertArrayEquals(kind(2), numbers.slot);
    assertArrayEquals(kind(RowNumbers.SQUARES), numbers.squares);
  }

  @Test
  void rowsAreJoinedAsTheyWere() {
    fill();
    float[] before = numbers.rows.clone();
    numbers.spread();
    Arrays.fill(numbers.rows, -1);
    numbers.join();
    assertArrayEquals(before, numbers.rows);
  }

  /** The number of a row and a kind is 10 times the row plus the kind. */
  private void fill() {
    for (int at = 0; at < numbers.rows.length; at++) {
      numbers.rows[at] = 10 * (at / RowNumbers.KINDS) + at % RowNumbers.KINDS;
    }
  }

  private static float[] kind(int kind) {
    float[] expected = new float[RatingGroup.LENGTH];
    for (int row = 0; row < expected.length; row++) {
      expected[row] = 10 * row + kind;
    }
    return expected;
  }
}
