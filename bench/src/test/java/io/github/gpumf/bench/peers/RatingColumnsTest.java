package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RatingColumnsTest {
  @Test
  void readsWhatItWrote(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("ratings.bin");
    new RatingColumns(3, 5, new int[] {2, 0, 1}, new int[] {4, 3, 0}, new float[] {1, 2.5f, 5})
        .write(file);
    RatingColumns read = RatingColumns.read(file);
    assertEquals(3, read.userCount());
    assertEquals(5, read.itemCount());
    assertArrayEquals(new int[] {2, 0, 1}, read.users());
    assertArrayEquals(new int[] {4, 3, 0}, read.items());
    assertArrayEquals(new float[] {1, 2.5f, 5}, read.values());
  }

  /** The layout that torch_mf.py reads. */
  @Test
  void laysColumnsOneAfterTheOther(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("ratings.bin");
    new RatingColumns(3, 5, new int[] {2, 0}, new int[] {4, 3}, new float[] {1, 2.5f}).write(file);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(24 + 2 * 12, bytes.limit());
    assertEquals(2, bytes.getLong(0));
    assertEquals(5, bytes.getLong(16));
    assertEquals(2, bytes.getInt(24));
    assertEquals(4, bytes.getInt(32));
    assertEquals(2.5f, bytes.getFloat(44));
  }
}
