package io.github.gpumf.cuda.driver;

import static io.github.gpumf.cuda.driver.Thrown.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LaunchShapeTest {
  @Test
  void coversAllItems() {
    assertEquals(LaunchShape.of(1, 256), LaunchShape.covering(1, 256));
    assertEquals(LaunchShape.of(1, 256), LaunchShape.covering(256, 256));
    assertEquals(LaunchShape.of(2, 256), LaunchShape.covering(257, 256));
    assertEquals(LaunchShape.of(1 << 30, 256), LaunchShape.covering(1L << 38, 256));
  }

  @Test
  void hasRowsOfBlocks() {
    LaunchShape shape = LaunchShape.of(5, 64).withShared(16).withGridY(2);
    assertEquals(new LaunchShape(5, 2, 1, 64, 1, 1, 16), shape);
  }

  @Test
  void refusesWhatNoDeviceTakes() {
    Class<IllegalArgumentException> illegal = IllegalArgumentException.class;
    assertFails(illegal, () -> LaunchShape.covering(0, 256), "blocks", "got 0", "skip");
    assertFails(
        illegal, () -> LaunchShape.covering(1L << 40, 256), "1 to 2147483647", "got 4294967296");
    assertFails(illegal, () -> LaunchShape.covering(5, 0), "threads", "1 to 1024", "got 0");
    assertFails(illegal, () -> LaunchShape.of(1, 1025), "threads", "1 to 1024", "got 1025");
    assertFails(
        illegal, () -> new LaunchShape(1, 65_536, 1, 1, 1, 1, 0), "along y", "65535", "65536");
    assertFails(
        illegal, () -> new LaunchShape(1, 1, 1, 32, 33, 1, 0), "at most 1024", "32 x 33 x 1");
    assertFails(illegal, () -> LaunchShape.of(1, 32).withShared(-1), "negative", "-1");
  }
}
