package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ItemTitlesTest {
  @TempDir Path directory;

  private ItemTitles read(String content, Charset charset) throws IOException {
    return ItemTitles.read(Files.write(directory.resolve("titles"), content.getBytes(charset)));
  }

  private void assertRefused(String content, long line, String part) throws IOException {
    Path file = Files.writeString(directory.resolve("titles"), content);
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> ItemTitles.read(file));
    String message = String.valueOf(error.getMessage());
    assertEquals(line, error.line(), message);
    assertTrue(message.startsWith(file.toString()) && message.contains(part), message);
  }

  @Test
  void readsMovieLens100K() throws IOException {
    ItemTitles titles =
        read(
            """
            1|Toy "Story" (1995)|01-Jan-1995||http://x/?Toy%20Story|0|1
            543|Mis\u00e9rables, Les (1995)|01-Jan-1995||http://y|0|0
            """,
            StandardCharsets.ISO_8859_1);
    assertEquals(2, titles.size());
    assertEquals(Optional.of("Toy \"Story\" (1995)"), titles.titleOf("1"));
    assertEquals(Optional.of("Mis\u00e9rables, Les (1995)"), titles.titleOf("543"));
    assertEquals(Optional.empty(), titles.titleOf("2"));
  }

  @Test
  void readsMovieLens1M() throws IOException {
    ItemTitles titles =
        read(
            """
            1::Toy Story (1995)::Animation|Children's|Comedy
            73::Mis\u00e9rables, Les: Part 1 (1995)::Drama|Musical
            """,
            StandardCharsets.ISO_8859_1);
    assertEquals(Optional.of("Mis\u00e9rables, Les: Part 1 (1995)"), titles.titleOf("73"));
  }

  @Test
  void readsMovieLensLatest() throws IOException {
    ItemTitles titles =
        read(
            """
            \uFEFFmovieId,title,genres\r
            1,Toy Story (1995),Adventure|Children\r
            11,"American President, The (1995)",Comedy\r
            7,\u6771\u4eac,x\r
            """,
            StandardCharsets.UTF_8);
    assertEquals(3, titles.size());
    assertEquals(Optional.of("American President, The (1995)"), titles.titleOf("11"));
    assertEquals(Optional.of("\u6771\u4eac"), titles.titleOf("7"));
  }

  /** Genres have a separator of their own, which other formats have between columns. */
  @Test
  void readsMovieLensLatestWithoutItsHeader() throws IOException {
    String first = "1,Toy Story (1995),Adventure|Animation|Children\n";
    ItemTitles titles =
        read(
            first
                + "2,\"American President, The (1995)\",Comedy|Drama|Romance\n"
                + "7,\"Alien: The \"\"Cut\"\"\",Horror\n",
            StandardCharsets.UTF_8);
    assertEquals(3, titles.size());
    assertEquals(Optional.of("Toy Story (1995)"), titles.titleOf("1"));
    assertEquals(Optional.of("American President, The (1995)"), titles.titleOf("2"));
    assertEquals(Optional.of("Toy Story (1995)"), read(first, StandardCharsets.UTF_8).titleOf("1"));
  }

  @Test
  void knownIdsTellTheSeparator() throws IOException {
    Path file = Files.writeString(directory.resolve("titles"), "a,b|One,x\nc,d|Two,y\n");
    assertEquals(Optional.of("b|One"), ItemTitles.read(file).titleOf("a"));
    IdMap known = IdMap.ofStrings(List.of("a,b", "e"));
    assertEquals(Optional.of("One,x"), ItemTitles.read(file, known).titleOf("a,b"));
    assertEquals(Optional.of("Two,y"), ItemTitles.read(file, known).titleOf("c,d"));
  }

  @Test
  void headerMayNameOtherColumns() throws IOException {
    assertEquals(
        Optional.of("Alien"),
        read("year\tName\titem_id\n1979\tAlien\ta-1\n", StandardCharsets.UTF_8).titleOf("a-1"));
  }

  @Test
  void badFilesAreNamed() throws IOException {
    long none = InvalidDataException.NO_LINE;
    assertRefused("", none, "the file is empty");
    assertRefused("\n\n", none, "the file is empty");
    assertRefused("movieId,title\n", none, "there is a header but no title");
    assertRefused("1::A\n2\n", 2, "missing, in \"2\"");
    assertRefused("1|A\n |B\n", 2, "missing");
    assertRefused("1,A\n2,B\n1,C\n", 3, "the item occurs a second time");
    assertRefused("1,A\n2,\"B\n3,C\n", none, "record starting at line 2");
    assertRefused("1,A\n2,B\0\n", none, "NUL bytes");
    assertThrows(NoSuchFileException.class, () -> ItemTitles.read(directory.resolve("missing")));
  }

  @Test
  void truncatedGzipIsRefused() throws IOException {
    byte[] whole = RatingsReaderTest.gzip("1,A\n2,B\n".getBytes(StandardCharsets.UTF_8));
    Path file = directory.resolve("titles.gz");
    assertEquals(2, ItemTitles.read(Files.write(file, whole)).size());
    for (int length = 2; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThrows(InvalidDataException.class, () -> ItemTitles.read(file), "length " + length);
    }
  }
}
