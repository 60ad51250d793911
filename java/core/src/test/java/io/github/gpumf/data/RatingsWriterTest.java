package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RatingsWriterTest {
  @TempDir Path directory;

  @Test
  void writesTabSeparatedTextWithAHeader() throws IOException {
    Path file = directory.resolve("out.tsv");
    Files.writeString(file, "what was there before");
    Ratings ratings =
        Ratings.builder(IdMap.ofLongs(7), IdMap.ofStrings(List.of("a", "b")), 2, true, false)
            .set(0, 0, 1, 4)
            .timestamp(0, 99)
            .set(1, 0, 0, 0.5f)
            .timestamp(1, -1)
            .build();
    RatingsWriter.write(ratings, file);
    assertEquals(
        "userId\titemId\trating\ttimestamp\n7\tb\t4\t99\n7\ta\t0.5\t-1\n", Files.readString(file));
    RatingsWriter.write(Ratings.of(new int[1], new int[1], new float[1], 1, 1), file);
    assertEquals("userId\titemId\trating\n0\t0\t0\n", Files.readString(file));
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void readerReadsBackWhatWasWritten() throws IOException {
    Path file = directory.resolve("out.tsv");
    Ratings synthetic =
        SyntheticRatings.movieLensLike().withSize(50, 100, 1000).withStep(0).generate();
    RatingsWriter.write(synthetic, file);
    assertEquals(
        RatingsReaderTest.rows(synthetic),
        RatingsReaderTest.rows(RatingsReader.of().read(file).ratings()));
  }

  @Test
  void oddIdsAndValuesSurvive() throws IOException {
    Path file = directory.resolve("out.tsv");
    List<String> ids =
        List.of(
            " a", "b ", "c\td", "say \"hi\"", "\"", "userId", "NaN", "1,2", "a::b", "\u6771", "'");
    List<Float> values =
        List.of(
            1f, -0.1f, 1e10f, Float.MIN_VALUE, Float.MAX_VALUE, 16777216f, -3f, 1e-7f, 2f, 9f, 4f);
    Ratings.Builder builder =
        Ratings.builder(
            IdMap.ofStrings(ids), IdMap.ofStrings(ids.reversed()), ids.size(), false, false);
    for (int row = 0; row < ids.size(); row++) {
      builder.set(row, row, row, values.get(row));
    }
    Ratings ratings = builder.build();
    RatingsWriter.write(ratings, file);
    assertEquals(ratings.fingerprint(), RatingsReader.of().read(file).ratings().fingerprint());
  }

  @Test
  void refusesWhatCouldNotBeReadBack() throws IOException {
    Path file = directory.resolve("out.tsv");
    for (String id : List.of("a\nb", "a\rb", "a\0b")) {
      Ratings ratings =
          Ratings.builder(IdMap.ofStrings(List.of(id)), IdMap.dense(1), 1, false, false)
              .set(0, 0, 0, 1)
              .build();
      assertThrows(IllegalArgumentException.class, () -> RatingsWriter.write(ratings, file));
    }
    Thrown.assertIllegal(
        "half a surrogate pair",
        () -> RatingsWriter.write(Ratings.collector().add("a\uD800", "x", 1).build(), file));
    Ratings longest = Ratings.collector().add("\u20ac".repeat(8192), "\"".repeat(8192), 1).build();
    Thrown.assertIllegal(
        "an id of 8193 characters",
        () -> RatingsWriter.write(Ratings.collector().add("a".repeat(8193), "x", 1).build(), file));
    assertTrue(Files.notExists(file));
    RatingsWriter.write(longest, file);
    assertEquals(1, RatingsReader.of().read(file).ratings().size());
    Files.delete(file);
    Ratings weighted =
        Ratings.builder(IdMap.dense(1), IdMap.dense(1), 1, false, true).set(0, 0, 0, 1).build();
    Thrown.assertIllegal("weights", () -> RatingsWriter.write(weighted, file));
    assertTrue(Files.notExists(file));
  }

  @Test
  void missingDirectoryIsAnError() {
    Ratings ratings = Ratings.of(new int[1], new int[1], new float[1], 1, 1);
    assertThrows(
        IOException.class, () -> RatingsWriter.write(ratings, directory.resolve("no/out.tsv")));
  }

  @Test
  void othersMayReadTheFileAsAnyOther() throws IOException {
    Path plain = Files.createFile(directory.resolve("plain"));
    Path written = directory.resolve("ratings.tsv");
    RatingsWriter.write(Ratings.of(new int[] {0}, new int[] {0}, new float[] {3}, 1, 1), written);
    if (Files.getFileStore(directory).supportsFileAttributeView(PosixFileAttributeView.class)) {
      assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(written));
    }
  }
}
