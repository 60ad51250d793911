package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.data.Ratings;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RatingPiecesTest {
  private static final int[] USERS = {2, 0, 1, 2, 2};
  private static final int[] ITEMS = {4, 3, 0, 1, 2};
  private static final float[] VALUES = {1, 2.5f, 5, 3, -4};

  @TempDir Path folder;

  private Path write() throws IOException {
    Path file = folder.resolve("ratings.bin");
    new RatingColumns(4, 6, USERS, ITEMS, VALUES).write(file);
    return file;
  }

  /** Pieces that divide the rows, that do not, and one that is larger than all of them. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 5, 7})
  void readsWhatWasWritten(long rows) throws IOException {
    Ratings read = RatingPieces.read(write(), rows);
    assertEquals(
        Ratings.of(USERS, ITEMS, VALUES, 4, 6).fingerprint(), read.fingerprint(), "by " + rows);
  }

  @Test
  void readsNoRatings() throws IOException {
    Path file = folder.resolve("ratings.bin");
    new RatingColumns(4, 6, new int[0], new int[0], new float[0]).write(file);
    Ratings read = RatingPieces.read(file);
    assertEquals("0 ratings of 6 items by 4 users", read.toString());
  }

  @Test
  void refusesAFileThatIsCutOff() throws IOException {
    Path file = write();
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.setLength(bytes.length() - 1);
    }
    assertThrows(IOException.class, () -> RatingPieces.read(file));
  }
}
