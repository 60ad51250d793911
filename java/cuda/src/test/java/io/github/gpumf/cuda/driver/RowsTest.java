package io.github.gpumf.cuda.driver;

import static io.github.gpumf.cuda.driver.Thrown.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RowsTest {
  @Test
  void spansFromTheFirstByteToTheLast() {
    Rows rows = new Rows(3, 12, 12, 16);
    assertEquals(36, rows.hostBytes());
    assertEquals(44, rows.deviceBytes());
    assertTrue(new Rows(0, 12, 12, 16).isEmpty());
    assertEquals(0, new Rows(0, 12, 12, 16).hostBytes());
    assertEquals((1L << 40) - 4, new Rows(1L << 32, 252, 252, 256).deviceBytes());
  }

  @Test
  void refusesRowsThatOverlap() {
    Class<IllegalArgumentException> illegal = IllegalArgumentException.class;
    assertFails(illegal, () -> new Rows(1, 12, 11, 16), "12 bytes", "got 11", "16");
    assertFails(illegal, () -> new Rows(1, 12, 12, 8), "12 bytes", "and 8");
    assertFails(illegal, () -> new Rows(-1, 12, 12, 12), "-1 rows");
  }
}
